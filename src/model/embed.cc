// Where a pass begins: ids to the stream, and back to the tables.
#include "model/pass.h"
#include "tensor/embedding.h"

namespace cairn::model {

void embed(const Pass& p, std::span<const std::int32_t> ids, float* x) {
  const ModelConfig& c = p.config();
  const Layout& at = p.w.layout();
  const bool learned = c.positions == Positions::learned;
  tensor::EmbeddingForward op{.rows = p.rows(),
                              .width = c.width,
                              .ids = ids.data(),
                              .table = p.w.matrix(at.embedding),
                              .time = p.time,
                              .positions = learned ? p.w.matrix(at.positions) : nullptr,
                              .out = x};
  if (p.caches.empty()) {
    tensor::embedding_forward(p.context, op);
  } else {
    op.rows = p.time;  // of one sequence: each has a past of its own
    for (const KeyValueCache* cache : p.caches) {
      op.first = cache->length;
      tensor::embedding_forward(p.context, op);
      op.ids += p.time;
      op.out += p.time * c.width;
    }
  }
  if (p.dropout.rate > 0.0F)
    tensor::dropout(
        p.context,
        {.n = p.rows() * c.width, .dropout = dropout_at(p, DropPoint::embedding, 0, p.time * c.width), .x = x});
}

namespace {

// Slots of the ids in the tied embedding's own rows, new ones where there was none.
void find_slots(const ModelConfig& c, std::span<const std::int32_t> ids, TiedEmbedding& tied) {
  tied.slot_of.resize(c.vocabulary, -1);
  tied.slots.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::int32_t& slot = tied.slot_of[static_cast<std::size_t>(ids[i])];
    if (slot < 0) {
      slot = static_cast<std::int32_t>(tied.tokens.size());
      tied.tokens.push_back(ids[i]);
    }
    tied.slots[i] = slot;
  }
  tied.rows.resize(tied.tokens.size() * c.width, 0.0F);
}

// Adds the batch's rows to the gradient of the table and begins the next batch.
void add_tied(const Pass& p, TiedEmbedding& tied, float* dtable) {
  const ModelConfig& c = p.config();
  tensor::embedding_backward(p.context, {.rows = tied.tokens.size(),
                                         .width = c.width,
                                         .vocabulary = c.vocabulary,
                                         .ids = tied.tokens.data(),
                                         .dout = tied.rows.data(),
                                         .dtable = dtable});
  for (const std::int32_t token : tied.tokens) tied.slot_of[static_cast<std::size_t>(token)] = -1;
  tied.tokens.clear();
  tied.rows.clear();
}

}  // namespace

void embed_backward(const Pass& p, const MicroBatch& batch, Workspace& work, const Gradients& into) {
  const ModelConfig& c = p.config();
  const Layout& at = p.w.layout();
  if (!into.weights) return;
  float* const dx = work.dx.data();
  if (p.dropout.rate > 0.0F)
    tensor::dropout(
        p.context,
        {.n = p.rows() * c.width, .dropout = dropout_at(p, DropPoint::embedding, 0, p.time * c.width), .x = dx});
  if (c.positions == Positions::learned)
    tensor::position_gradient(p.context, {.rows = p.rows(),
                                          .width = c.width,
                                          .time = p.time,
                                          .dout = dx,
                                          .dpositions = into.of(at.positions),
                                          .fold = p.fold});
  tensor::EmbeddingBackward op{.rows = p.rows(),
                               .width = c.width,
                               .vocabulary = c.vocabulary,
                               .ids = batch.ids.data(),
                               .dout = dx,
                               .dtable = into.of(at.embedding),
                               .fold = p.fold};
  if (c.tied_embeddings) {
    find_slots(c, batch.ids, work.tied);
    op.vocabulary = work.tied.tokens.size();
    op.ids = work.tied.slots.data();
    op.dtable = work.tied.rows.data();
  }
  tensor::embedding_backward(p.context, op);
  if (c.tied_embeddings && batch.last) add_tied(p, work.tied, into.of(at.embedding));
}

}  // namespace cairn::model
