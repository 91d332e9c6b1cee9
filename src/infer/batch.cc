#include "infer/batch.h"

#include <algorithm>
#include <new>
#include <set>

#include "model/forward.h"

namespace cairn::infer {
namespace {

// Rows of a pass while prompts are read: enough to share the reading of weights, little scratch.
constexpr std::size_t kRows = 128;

}  // namespace

struct Batch::State {
  State(tensor::Context& context_, std::shared_ptr<const Weights> weights_, std::uint32_t sequences)
      : context(context_),
        weights(std::move(weights_)),
        activations(weights->config(), {.rows = std::max<std::size_t>(kRows, sequences),
                                        .keep = model::Keep::last,
                                        .rank = weights->rank(),
                                        .logit_rows = sequences}),
        caches(sequences) {}

  // Reads the next `time` tokens of each feed, of which `read` were read before.
  void pass(std::span<const Feed* const> feeds, std::span<std::size_t> read, std::size_t time, bool logits);

  tensor::Context& context;
  std::shared_ptr<const Weights> weights;
  model::Activations activations;
  std::vector<model::KeyValueCache> caches;
};

Batch::Batch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Result<Batch> Batch::open(tensor::Context& context, std::shared_ptr<const Weights> weights, std::uint32_t sequences) {
  if (sequences < 1 || sequences > kMostSequences) {
    return fail(ErrorCode::invalid, "batch: {} sequences, expected 1 to {}", sequences, kMostSequences);
  }
  try {
    return Batch(std::make_unique<State>(context, std::move(weights), sequences));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "batch: not enough memory for {} sequences", sequences);
  }
}

void Batch::State::pass(std::span<const Feed* const> feeds, std::span<std::size_t> read, std::size_t time,
                        bool logits) {
  std::vector<std::int32_t> ids;
  std::vector<model::KeyValueCache*> of_pass;
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const auto tokens = feeds[i]->tokens.subspan(read[i], time);
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    of_pass.push_back(&caches[feeds[i]->sequence]);
    read[i] += time;
  }
  model::forward(context, weights->base(),
                 {.batch = feeds.size(),
                  .time = time,
                  .ids = ids,
                  .delta = weights->delta(),
                  .caches = of_pass,
                  .logits_from = logits ? 0 : ids.size()},
                 activations);
}

namespace {

Status check_feed(const Batch& batch, const Batch::Feed& feed, std::set<std::uint32_t>& seen) {
  if (feed.sequence >= batch.sequences() || !seen.insert(feed.sequence).second) {
    return fail(ErrorCode::invalid, "batch: sequence {}, expected each below {} at most once", feed.sequence,
                batch.sequences());
  }
  if (feed.tokens.empty()) return fail(ErrorCode::invalid, "batch: no token to read for sequence {}", feed.sequence);
  if (feed.tokens.size() > batch.context() - batch.length(feed.sequence)) {
    return fail(ErrorCode::invalid, "batch: {} tokens after {} in sequence {}, the context holds {}",
                feed.tokens.size(), batch.length(feed.sequence), feed.sequence, batch.context());
  }
  for (const TokenId token : feed.tokens) {
    if (token >= batch.vocabulary()) {
      return fail(ErrorCode::invalid, "batch: token {}, the vocabulary ends at {}", token, batch.vocabulary() - 1);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::span<const float>>> Batch::feed(std::span<const Feed> feeds) {
  State& s = *state_;
  std::set<std::uint32_t> seen;
  for (const Feed& one : feeds) CAIRN_TRY(check_feed(*this, one, seen));
  if (feeds.empty()) return std::vector<std::span<const float>>{};
  for (const Feed& one : feeds)
    CAIRN_TRY(s.caches[one.sequence].make_room(s.weights->config(), length(one.sequence) + one.tokens.size()));
  // All but each one's last token, as many of each as the shortest of them has left; then the last ones together.
  std::vector<const Feed*> left, all;
  for (const Feed& one : feeds) {
    all.push_back(&one);
    if (one.tokens.size() > 1) left.push_back(&one);
  }
  std::ranges::stable_sort(left, {}, [](const Feed* one) { return one->tokens.size(); });
  std::vector<std::size_t> read(left.size());
  for (std::size_t first = 0; first < left.size();) {
    const std::size_t shortest = left[first]->tokens.size() - 1 - read[first];
    if (shortest == 0) {
      ++first;
      continue;
    }
    const std::size_t most = std::max<std::size_t>(1, s.activations.room.rows / (left.size() - first));
    s.pass(std::span(left).subspan(first), std::span(read).subspan(first), std::min(shortest, most), false);
  }
  std::vector<std::size_t> before_last;
  for (const Feed* one : all) before_last.push_back(one->tokens.size() - 1);
  s.pass(all, before_last, 1, true);
  std::vector<std::span<const float>> out;
  for (std::size_t i = 0; i < feeds.size(); ++i)
    out.push_back(std::span<const float>(s.activations.logits).subspan(i * vocabulary(), vocabulary()));
  return out;
}

void Batch::rewind(std::uint32_t sequence, std::uint32_t kept) {
  CAIRN_CHECK(sequence < sequences() && kept <= length(sequence));
  state_->caches[sequence].length = kept;
}

std::uint32_t Batch::sequences() const {
  return static_cast<std::uint32_t>(state_->caches.size());
}
std::uint32_t Batch::length(std::uint32_t sequence) const {
  return static_cast<std::uint32_t>(state_->caches[sequence].length);
}
std::uint32_t Batch::context() const {
  return state_->weights->config().context;
}
std::uint32_t Batch::vocabulary() const {
  return state_->weights->config().vocabulary;
}

}  // namespace cairn::infer
