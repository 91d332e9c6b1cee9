#include "train/steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cairn::train {

Status check(std::string_view what, const BatchShape& shape) {
  if (shape.sequences < 1 || shape.sequences > 4096)
    return out_of_range(what, "sequences", shape.sequences, "1 to 4096");
  if (shape.context < 1 || shape.context > 65536) return out_of_range(what, "context", shape.context, "1 to 65536");
  if (shape.grain < 1 || shape.sequences % shape.grain != 0)
    return out_of_range(what, "grain", shape.grain, fmt::format("a divisor of the {} sequences", shape.sequences));
  return {};
}

Status check(std::string_view what, const OptimiserSettings& s, float learning_rate) {
  const auto wrong = [what](const char* name, float value, const char* expected) {
    return out_of_range(what, name, value, expected);
  };
  if (!(learning_rate >= 1e-8F && learning_rate <= 1.0F)) return wrong("learning_rate", learning_rate, "1e-8 to 1");
  if (!(s.embedding_rate > 0.0F && s.embedding_rate <= 1000.0F))
    return wrong("embedding_rate", s.embedding_rate, "above 0, at most 1000");
  if (!(s.beta1 >= 0.0F && s.beta1 < 1.0F)) return wrong("beta1", s.beta1, "0 to below 1");
  if (!(s.beta2 >= 0.0F && s.beta2 < 1.0F)) return wrong("beta2", s.beta2, "0 to below 1");
  if (!(s.epsilon >= 1e-12F && s.epsilon <= 1e-2F)) return wrong("epsilon", s.epsilon, "1e-12 to 0.01");
  if (s.state_bits != 8 && s.state_bits != 32) return out_of_range(what, "state_bits", s.state_bits, "8 or 32");
  if (!(s.momentum >= 0.0F && s.momentum < 1.0F)) return wrong("momentum", s.momentum, "0 to below 1");
  if (!(s.weight_decay >= 0.0F && s.weight_decay <= 10.0F)) return wrong("weight_decay", s.weight_decay, "0 to 10");
  if (!(s.clip > 0.0F && s.clip <= 1e6F)) return wrong("clip", s.clip, "above 0, at most 1e6");
  return {};
}

Status check_tokens(std::string_view what, Tokens tokens, std::uint32_t context, std::uint32_t vocabulary, Draw draw) {
  if (tokens.size() < std::size_t{context} + 1)
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("{}: {} tokens, at least {} (context + 1) are needed", what, tokens.size(), context + 1),
        "give more text or a shorter context");
  // Places are drawn with 32 bits: of windows, or of tokens where a window begins anywhere.
  const std::size_t places = draw == Draw::random ? tokens.size() - context : (tokens.size() - 1) / context;
  if (places > std::numeric_limits<std::uint32_t>::max())
    return fail(ErrorCode::invalid, "{}: {} tokens are too many", what, tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] >= vocabulary)
      return fail(ErrorCode::invalid, "{}: token {} is {}, the vocabulary ends at {}", what, i, tokens[i],
                  vocabulary - 1);
  return {};
}

Steps::Steps(const BatchShape& shape, Tokens tokens, tensor::Stream stream, Optimiser optimiser, Draw draw)
    : shape_(shape),
      windows_(tokens, shape.context, stream, draw),
      optimiser_(std::move(optimiser)),
      gradient_(optimiser_.parameters()),
      ids_(std::size_t{shape.sequences} * shape.context),
      targets_(ids_.size()) {}

void Steps::resume(std::uint32_t done) {
  windows_.skip(std::uint64_t{done} * shape_.sequences);
  done_ = done;
}

Result<StepReport> Steps::take(tensor::Context& context, const Target& target, const PassLoss& loss) {
  windows_.next(shape_.sequences, ids_, targets_);
  const float mean = batch_gradient(loss);
  if (!std::isfinite(mean)) return fail(ErrorCode::failed, "the loss is {}", mean);
  CAIRN_ASSIGN(
      const float norm,
      optimiser_.step(
          context, {.rate = target.rate, .weights = target.weights, .gradient = gradient_, .copies = target.copies}));
  ++done_;
  return StepReport{.step = done_, .loss = mean, .gradient_norm = norm, .tokens = std::uint64_t{done_} * ids_.size()};
}

// The left fold over the batch's grains; returns the mean loss over its tokens.
float Steps::batch_gradient(const PassLoss& loss) {
  std::ranges::fill(gradient_, 0.0F);
  const std::size_t grain_rows = std::size_t{shape_.grain} * shape_.context;
  const std::size_t sequences = shape_.at_once > 0 ? shape_.at_once : shape_.grain;
  const float share = 1.0F / static_cast<float>(ids_.size());
  float total = 0;
  for (std::size_t first = 0; first < shape_.sequences; first += sequences) {
    const std::size_t count = std::min<std::size_t>(sequences, shape_.sequences - first);
    const std::size_t at = first * shape_.context, rows = count * shape_.context;
    total = loss({.batch = count,
                  .time = shape_.context,
                  .ids = std::span(ids_).subspan(at, rows),
                  .targets = std::span(targets_).subspan(at, rows),
                  .grain_rows = grain_rows,
                  .scale = share,
                  .dropout = {.first_sequence = first},
                  .last = first + count == shape_.sequences,
                  .loss_before = total},
                 gradient_.data());
  }
  return total * share;
}

}  // namespace cairn::train
