#include "train/merge.h"

#include <cmath>
#include <new>

#include "model/json_fields.h"
#include "model/safetensors.h"

namespace cairn::train {
namespace {

constexpr const char* kFormat = "cairn.outer-state.1";
constexpr std::uint64_t kMostTokens = std::uint64_t{1}
                                      << 40;  // per contribution: keeps each share of the sum above 2^-40

// A result too small to be a normal number is a zero, as everywhere in profile c1, whatever this thread's mode is.
float flushed(float x) {
  return std::fabs(x) < 0x1p-126F ? std::copysign(0.0F, x) : x;
}

Status check_contributions(const Checkpoint& checkpoint, std::span<const Contribution> ordered) {
  if (ordered.empty()) return fail(ErrorCode::invalid, "merge: no contribution");
  if (ordered.size() > 65536) return fail(ErrorCode::invalid, "merge: {} contributions, at most 65536", ordered.size());
  const Digest digest = digest_of(checkpoint);
  const std::size_t parameters = checkpoint.model.weights().size();
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Contribution& c = ordered[i];
    if (c.parameters != parameters) {
      return fail(ErrorCode::invalid, "merge: contribution {} is for {} weights, the model has {}", i, c.parameters,
                  parameters);
    }
    if (c.checkpoint != digest) {
      return fail(ErrorCode::invalid, "merge: contribution {} changes checkpoint {}, the model is {}", i,
                  c.checkpoint.brief(), digest.brief());
    }
    if (c.tokens < 1 || c.tokens > kMostTokens) {
      return fail(ErrorCode::invalid, "merge: contribution {} counts {} tokens, expected 1 to 2^40", i, c.tokens);
    }
  }
  return {};
}

struct Mean {
  std::vector<float> change;   // [P]
  std::vector<float> moments;  // [ceil(P / 64)]
};

// sum_i share_i x_i, left to right, of the changes and of the moments.
Mean average(std::span<const Contribution> ordered, std::size_t parameters) {
  double all = 0;  // exact: at most 2^16 numbers of at most 2^40
  for (const Contribution& c : ordered) all += static_cast<double>(c.tokens);
  Mean mean{std::vector<float>(parameters), std::vector<float>(blocks_of(parameters))};
  std::vector<float> change(parameters);
  for (const Contribution& c : ordered) {
    const auto share = static_cast<float>(static_cast<double>(c.tokens) / all);
    dequantise(c, change);
    for (std::size_t i = 0; i < parameters; ++i) mean.change[i] = flushed(mean.change[i] + share * change[i]);
    for (std::size_t i = 0; i < mean.moments.size(); ++i) mean.moments[i] += share * c.moments[i];
  }
  for (float& moment : mean.moments)
    if (moment < kLeastMoment) moment = 0;
  return mean;
}

}  // namespace

template <class Self, class Visit>
void fields(Self& s, Visit& visit) {
  visit("learning_rate", s.learning_rate);
  visit("momentum", s.momentum);
}

Status check(const OuterSettings& s) {
  if (!(s.learning_rate >= 1e-4F && s.learning_rate <= 4.0F)) {
    return fail(ErrorCode::invalid, "outer settings: learning_rate is {}, expected 0.0001 to 4", s.learning_rate);
  }
  if (!(s.momentum >= 0.0F && s.momentum < 1.0F)) {
    return fail(ErrorCode::invalid, "outer settings: momentum is {}, expected 0 to below 1", s.momentum);
  }
  return {};
}

std::string to_json(const OuterSettings& settings) {
  return model::fields_to_json(settings);
}

Result<OuterSettings> outer_settings_from_json(std::string_view text) {
  CAIRN_ASSIGN(const auto settings, model::fields_from_json<OuterSettings>(text, "outer settings"));
  CAIRN_TRY(check(settings));
  return settings;
}

Bytes encode(const OuterState& state) {
  const model::Metadata metadata = {{"format", kFormat}, {"rounds", std::to_string(state.rounds)}};
  const model::NamedTensor velocity{"velocity", {state.velocity.size()}, state.velocity};
  return model::write_safetensors(metadata, {&velocity, 1});
}

Result<OuterState> decode_outer_state(ByteView file, std::uint64_t parameters) {
  CAIRN_ASSIGN(const model::Metadata metadata, model::read_metadata(file));
  const auto format = metadata.find("format"), rounds = metadata.find("rounds");
  if (format == metadata.end() || format->second != kFormat || rounds == metadata.end() || rounds->second.empty() ||
      rounds->second.size() > 18 || rounds->second.find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorCode::malformed, "outer state: expected metadata with format '{}' and a count of rounds", kFormat);
  }
  OuterState out;
  out.rounds = std::stoull(rounds->second);
  // Empty or whole; which of the two, the file's size tells, and the reader then holds the file to it.
  if (file.size() > parameters * sizeof(float)) out.velocity.resize(parameters);
  const model::ExpectedTensor velocity{"velocity", {out.velocity.size()}, out.velocity};
  CAIRN_TRY(
      model::read_safetensors(file, {{"format", kFormat}, {"rounds", std::to_string(out.rounds)}}, {&velocity, 1}));
  return out;
}

Status merge(Checkpoint& checkpoint, OuterState& state, std::span<const Contribution> ordered,
             const OuterSettings& settings) {
  CAIRN_TRY(check(settings));
  CAIRN_TRY(check_contributions(checkpoint, ordered));
  const std::span<float> weights = checkpoint.model.weights();
  if (!state.velocity.empty() && state.velocity.size() != weights.size()) {
    return fail(ErrorCode::invalid, "merge: the outer state has {} weights, the model {}", state.velocity.size(),
                weights.size());
  }
  try {
    auto [moved, moments] = average(ordered, weights.size());
    std::vector<float> velocity;
    if (settings.momentum > 0.0F) {
      velocity = state.velocity.empty() ? std::vector<float>(weights.size()) : state.velocity;
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      float step = moved[i];
      if (settings.momentum > 0.0F) {
        velocity[i] = flushed(flushed(settings.momentum * velocity[i]) + moved[i]);
        step = flushed(flushed(settings.momentum * velocity[i]) + moved[i]);
      }
      moved[i] = flushed(weights[i] + flushed(settings.learning_rate * step));
      if (!std::isfinite(moved[i])) return fail(ErrorCode::failed, "merge: weight {} would not be finite", i);
    }
    std::copy(moved.begin(), moved.end(), weights.begin());
    checkpoint.moments = std::move(moments);
    state.velocity = std::move(velocity);
    ++state.rounds;
    return {};
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "merge: not enough memory for {} weights", weights.size());
  }
}

}  // namespace cairn::train
