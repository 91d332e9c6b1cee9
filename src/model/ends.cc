// The two ends of a pass: ids to the stream; the stream to logits and losses; and back.
#include <algorithm>

#include "model/norm.h"
#include "model/pass.h"
#include "tensor/bias.h"
#include "tensor/elementwise.h"
#include "tensor/embedding.h"
#include "tensor/loss.h"

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

void finish(const Pass& p, Activations& a, const float* x) {
  const ModelConfig& c = p.config();
  if (c.final_norm) return norm(p, p.w.layout().final_norm, x, a.final_norm);
  tensor::to_bf16(p.context, p.rows() * c.width, x, a.final_norm.y.data());
}

void finish_backward(const Pass& p, const Activations& a, const float* x, Workspace& work, const Gradients& into) {
  const ModelConfig& c = p.config();
  const float* const dy = a.wide.data();
  if (!c.final_norm) {
    std::copy_n(dy, p.rows() * c.width, work.dx.data());
    return;
  }
  std::fill_n(work.dx.data(), p.rows() * c.width, 0.0F);
  norm_backward(p, p.w.layout().final_norm, x, a.final_norm, dy, work.dx.data(), into);
}

void head(const Pass& p, Activations& a, std::size_t first, std::size_t count) {
  const ModelConfig& c = p.config();
  const Place at = p.w.layout().head;
  multiply_rows(p.context, a.final_norm.y.data() + first * c.width, p.w.matrix(at.weight),
                {count, c.vocabulary, c.width}, nullptr, a.logits.data());
  if (const float* bias = p.w.vector(at.bias))
    tensor::add_bias(
        p.context, {.rows = count, .width = c.vocabulary, .stride = c.vocabulary, .bias = bias, .x = a.logits.data()});
}

void head_loss(const Pass& p, Activations& a, const HeadLoss& op) {
  const std::size_t vocabulary = p.config().vocabulary;
  for (std::size_t done = 0; done < op.count; done += a.room.logit_rows) {
    const std::size_t count = std::min(a.room.logit_rows, op.count - done), at = op.first + done;
    head(p, a, at, count);
    tensor::cross_entropy(p.context, {.rows = count,
                                      .vocabulary = vocabulary,
                                      .scale = op.scale,
                                      .z_loss = op.z_loss,
                                      .target = op.targets.data() + at,
                                      .logits = a.logits.data(),
                                      .loss = op.loss + at,
                                      .dlogits = op.dlogits ? op.dlogits + done * vocabulary : nullptr});
  }
}

void head_backward(const Pass& p, std::size_t first, std::size_t count, Workspace& work, const Gradients& into) {
  const ModelConfig& c = p.config();
  const Place at = p.w.layout().head;
  const MatrixShape shape{count, c.vocabulary, c.width};
  const tensor::Bf16* const dlogits = work.dlogits.data();
  Activations& a = work.activations;
  multiply_back(p.context, dlogits, p.w.matrix(at.weight), shape, nullptr, a.wide.data() + first * c.width);
  if (float* dw = into.of(at.weight))
    add_outer(p.context, dlogits, a.final_norm.y.data() + first * c.width, shape, 0, dw);
  if (float* dbias = into.of(at.bias))
    tensor::bias_gradient(
        p.context,
        {.rows = count, .width = c.vocabulary, .stride = c.vocabulary, .dy = dlogits, .dbias = dbias, .fold = 0});
}

}  // namespace cairn::model
