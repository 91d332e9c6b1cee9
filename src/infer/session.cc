#include "infer/session.h"

#include <algorithm>
#include <new>

#include "model/forward.h"

namespace cairn::infer {
namespace {

// A long prompt is read in pieces, so that scratch does not grow with the context; bits do not depend on it.
constexpr std::uint32_t kPiece = 128;

}  // namespace

struct Session::State {
  State(tensor::Context& context_, std::shared_ptr<const Weights> weights_)
      : context(context_),
        weights(std::move(weights_)),
        activations(weights->config(), {.rows = std::min(kPiece, weights->config().context),
                                        .keep = model::Keep::last,
                                        .rank = weights->rank(),
                                        .logit_rows = 1}) {}

  tensor::Context& context;
  std::shared_ptr<const Weights> weights;
  model::Activations activations;
  model::KeyValueCache cache;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(tensor::Context& context, const model::Model& model, const model::LowRank* module) {
  CAIRN_ASSIGN(std::shared_ptr<const Weights> weights, Weights::make(context, model, module));
  return open(context, std::move(weights));
}

Result<Session> Session::open(tensor::Context& context, std::shared_ptr<const Weights> weights) {
  try {
    return Session(std::make_unique<State>(context, std::move(weights)));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "session: not enough memory");
  }
}

Result<std::span<const float>> Session::feed(std::span<const TokenId> tokens) {
  State& s = *state_;
  if (tokens.empty()) return fail(ErrorCode::invalid, "session: no token to read");
  if (tokens.size() > context() - length()) {
    return fail(ErrorCode::invalid, "session: {} tokens after {}, the context holds {}", tokens.size(), length(),
                context());
  }
  for (const TokenId token : tokens) {
    if (token >= vocabulary()) {
      return fail(ErrorCode::invalid, "session: token {}, the vocabulary ends at {}", token, vocabulary() - 1);
    }
  }
  CAIRN_TRY(s.cache.make_room(s.weights->config(), length() + tokens.size()));
  for (std::size_t at = 0; at < tokens.size();) {
    const std::size_t count = std::min(s.activations.room.rows, tokens.size() - at);
    const std::vector<std::int32_t> ids(tokens.begin() + static_cast<std::ptrdiff_t>(at),
                                        tokens.begin() + static_cast<std::ptrdiff_t>(at + count));
    model::KeyValueCache* const cache = &s.cache;
    model::forward(s.context, s.weights->base(),
                   {.batch = 1,
                    .time = count,
                    .ids = ids,
                    .delta = s.weights->delta(),
                    .caches = {&cache, 1},
                    .logits_from = count - 1},
                   s.activations);
    at += count;
  }
  return std::span<const float>(s.activations.logits).first(vocabulary());
}

void Session::rewind(std::uint32_t kept) {
  CAIRN_CHECK(kept <= length());
  state_->cache.length = kept;
}

std::uint32_t Session::length() const {
  return static_cast<std::uint32_t>(state_->cache.length);
}
std::uint32_t Session::context() const {
  return state_->weights->config().context;
}
std::uint32_t Session::vocabulary() const {
  return state_->weights->config().vocabulary;
}

}  // namespace cairn::infer
