#include "adapt/module.h"
#include "model/json_fields.h"

namespace cairn::adapt {

// Found by argument, so it stands beside its struct.
template <class Self, class Visit>
void fields(Self& s, Visit& visit) {
  visit("profile", s.profile);
  visit("rank", s.rank);
  visit("scale", s.scale);
  visit("steps", s.steps);
  visit("sequences", s.sequences);
  visit("context", s.context);
  visit("grain", s.grain);
  visit("warmup_steps", s.warmup_steps);
  visit("learning_rate", s.learning_rate);
  visit("beta1", s.beta1);
  visit("beta2", s.beta2);
  visit("epsilon", s.epsilon);
  visit("weight_decay", s.weight_decay);
  visit("clip", s.clip);
}

Status check(const ModuleSettings& s, const model::ModelConfig& base) {
  const auto wrong = [](const char* name, auto value, const std::string& expected) -> Status {
    return fail(ErrorCode::invalid, "module settings: {} is {}, expected {}", name, value, expected);
  };
  if (s.profile != "c1") {
    return fail(ErrorCode::unsupported, "module settings: profile '{}' is not known; this version computes 'c1'",
                s.profile.substr(0, 32));
  }
  if (s.rank < 2 || s.rank > 256 || s.rank % 2 != 0) return wrong("rank", s.rank, "2 to 256 in steps of 2");
  if (!(s.scale > 0.0F && s.scale <= 64.0F)) return wrong("scale", s.scale, "above 0, at most 64");
  if (s.steps < 1 || s.steps > (1U << 20)) return wrong("steps", s.steps, "1 to 1048576");
  if (s.sequences < 1 || s.sequences > 4096) return wrong("sequences", s.sequences, "1 to 4096");
  if (s.context < 1 || s.context > base.context) {
    return wrong("context", s.context, fmt::format("1 to the base's {}", base.context));
  }
  if (s.grain < 1 || s.sequences % s.grain != 0) {
    return wrong("grain", s.grain, fmt::format("a divisor of the {} sequences", s.sequences));
  }
  if (s.warmup_steps >= s.steps)
    return wrong("warmup_steps", s.warmup_steps, fmt::format("less than {} steps", s.steps));
  if (!(s.learning_rate >= 1e-8F && s.learning_rate <= 1.0F))
    return wrong("learning_rate", s.learning_rate, "1e-8 to 1");
  if (!(s.beta1 >= 0.0F && s.beta1 < 1.0F)) return wrong("beta1", s.beta1, "0 to below 1");
  if (!(s.beta2 >= 0.0F && s.beta2 < 1.0F)) return wrong("beta2", s.beta2, "0 to below 1");
  if (!(s.epsilon >= 1e-12F && s.epsilon <= 1e-2F)) return wrong("epsilon", s.epsilon, "1e-12 to 0.01");
  if (!(s.weight_decay >= 0.0F && s.weight_decay <= 10.0F)) return wrong("weight_decay", s.weight_decay, "0 to 10");
  if (!(s.clip > 0.0F && s.clip <= 1e6F)) return wrong("clip", s.clip, "above 0, at most 1e6");
  return {};
}

std::string to_json(const ModuleSettings& settings) {
  return model::fields_to_json(settings);
}

Result<ModuleSettings> module_settings_from_json(std::string_view text) {
  return model::fields_from_json<ModuleSettings>(text, "module settings");
}

}  // namespace cairn::adapt
