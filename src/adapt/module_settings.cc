#include "adapt/module.h"
#include "model/json_fields.h"
#include "train/steps.h"

namespace cairn::adapt {
namespace {

constexpr const char* kWhat = "module settings";

}  // namespace

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
  const auto wrong = [](const char* name, auto value, const std::string& expected) {
    return train::out_of_range(kWhat, name, value, expected);
  };
  if (s.profile != "c1") {
    return fail(ErrorCode::unsupported, "module settings: profile '{}' is not known; this version computes 'c1'",
                s.profile.substr(0, 32));
  }
  if (s.rank < 2 || s.rank > 256 || s.rank % 2 != 0) return wrong("rank", s.rank, "2 to 256 in steps of 2");
  if (!(s.scale > 0.0F && s.scale <= 64.0F)) return wrong("scale", s.scale, "above 0, at most 64");
  if (s.steps < 1 || s.steps > (1U << 20)) return wrong("steps", s.steps, "1 to 1048576");
  if (s.context > base.context) return wrong("context", s.context, fmt::format("1 to the base's {}", base.context));
  CAIRN_TRY(train::check(kWhat, train::batch_of(s)));
  if (s.warmup_steps >= s.steps)
    return wrong("warmup_steps", s.warmup_steps, fmt::format("less than {} steps", s.steps));
  return train::check(kWhat, train::optimiser_of(s), s.learning_rate);
}

std::string to_json(const ModuleSettings& settings) {
  return model::fields_to_json(settings);
}

Result<ModuleSettings> module_settings_from_json(std::string_view text) {
  return model::fields_from_json<ModuleSettings>(text, kWhat);
}

}  // namespace cairn::adapt
