#include "train/run_settings.h"

#include "model/json_fields.h"
#include "train/steps.h"

namespace cairn::train {
namespace {

constexpr const char* kWhat = "run settings";

Status check_schedule(const RunSettings& s) {
  const auto wrong = [](const char* name, auto value, const std::string& expected) {
    return out_of_range(kWhat, name, value, expected);
  };
  if (s.warmup_steps >= s.steps)
    return wrong("warmup_steps", s.warmup_steps, fmt::format("less than the {} steps", s.steps));
  if (!(s.final_fraction >= 0.0F && s.final_fraction <= 1.0F))
    return wrong("final_fraction", s.final_fraction, "0 to 1");
  const bool stable = s.descent == Descent::wsd || s.descent == Descent::wsd_sqrt;
  if (stable && (s.decay_steps < 1 || s.decay_steps > s.steps - s.warmup_steps))
    return wrong("decay_steps", s.decay_steps,
                 fmt::format("1 to {}, the steps after the warm-up", s.steps - s.warmup_steps));
  if (!stable && s.decay_steps != 0)
    return wrong("decay_steps", s.decay_steps, "0: only the descents wsd and wsd-sqrt have them");
  return {};
}

}  // namespace

// Found by argument, so it stands beside its struct.
template <class Self, class Visit>
void fields(Self& s, Visit& visit) {
  visit("profile", s.profile);
  visit("seed", s.seed);
  visit("steps", s.steps);
  visit("sequences", s.sequences);
  visit("context", s.context);
  visit("grain", s.grain);
  visit("draw", s.draw);
  visit("learning_rate", s.learning_rate);
  visit("embedding_rate", s.embedding_rate);
  visit("final_fraction", s.final_fraction);
  visit("warmup_steps", s.warmup_steps);
  visit("descent", s.descent);
  visit("decay_steps", s.decay_steps);
  visit("algorithm", s.algorithm);
  visit("state_bits", s.state_bits);
  visit("beta1", s.beta1);
  visit("beta2", s.beta2);
  visit("epsilon", s.epsilon);
  visit("momentum", s.momentum);
  visit("weight_decay", s.weight_decay);
  visit("clip", s.clip);
  visit("dropout", s.dropout);
  visit("z_loss", s.z_loss);
}

Status check(const RunSettings& s, const model::ModelConfig& config) {
  CAIRN_TRY(model::check(config));
  if (s.profile != "c1") {
    return fail(ErrorCode::unsupported, "{}: profile '{}' is not known; this version computes 'c1'", kWhat,
                s.profile.substr(0, 32));
  }
  constexpr std::uint32_t kMostSteps = 1U << 30;
  if (s.steps < 1 || s.steps > kMostSteps) return out_of_range(kWhat, "steps", s.steps, "1 to 2^30");
  CAIRN_TRY(check(kWhat, batch_of(s)));
  if (s.context > config.context)
    return out_of_range(kWhat, "context", s.context, fmt::format("1 to the model's {}", config.context));
  CAIRN_TRY(check_schedule(s));
  if (!(s.dropout >= 0.0F && s.dropout < 1.0F)) return out_of_range(kWhat, "dropout", s.dropout, "0 to below 1");
  if (!(s.z_loss >= 0.0F && s.z_loss <= 1.0F)) return out_of_range(kWhat, "z_loss", s.z_loss, "0 to 1");
  return check(kWhat, optimiser_of(s), s.learning_rate);
}

Schedule schedule_of(const RunSettings& s) {
  return {.peak = s.learning_rate,
          .final_fraction = s.final_fraction,
          .warmup = s.warmup_steps,
          .total = s.steps,
          .descent = s.descent,
          .decay = s.decay_steps};
}

std::string to_json(const RunSettings& settings) {
  return model::fields_to_json(settings);
}

Result<RunSettings> run_settings_from_json(std::string_view text) {
  return model::fields_from_json<RunSettings>(text, kWhat);
}

}  // namespace cairn::train
