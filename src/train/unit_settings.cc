#include "model/json_fields.h"
#include "train/steps.h"
#include "train/unit.h"

namespace cairn::train {
namespace {

constexpr const char* kWhat = "unit settings";

}  // namespace

// Found by argument, so it stands beside its struct.
template <class Self, class Visit>
void fields(Self& s, Visit& visit) {
  visit("profile", s.profile);
  visit("steps", s.steps);
  visit("sequences", s.sequences);
  visit("context", s.context);
  visit("grain", s.grain);
  visit("stretch", s.stretch);
  visit("first_step", s.first_step);
  visit("warmup_steps", s.warmup_steps);
  visit("total_steps", s.total_steps);
  visit("learning_rate", s.learning_rate);
  visit("embedding_rate", s.embedding_rate);
  visit("final_fraction", s.final_fraction);
  visit("beta1", s.beta1);
  visit("beta2", s.beta2);
  visit("epsilon", s.epsilon);
  visit("weight_decay", s.weight_decay);
  visit("clip", s.clip);
  visit("contribution_bits", s.contribution_bits);
}

Status check(const UnitSettings& s, const model::ModelConfig& config) {
  if (s.context > config.context)
    return out_of_range(kWhat, "context", s.context, fmt::format("1 to the model's {}", config.context));
  return check(s);
}

Status check(const UnitSettings& s) {
  const auto wrong = [](const char* name, auto value, const std::string& expected) {
    return out_of_range(kWhat, name, value, expected);
  };
  if (s.profile != "c1") {
    return fail(ErrorCode::unsupported, "unit settings: profile '{}' is not known; this version computes 'c1'",
                s.profile.substr(0, 32));
  }
  constexpr std::uint32_t kMany = 1U << 20;
  constexpr std::uint64_t kForever = std::uint64_t{1} << 40;
  if (s.steps < 1 || s.steps > kMany) return wrong("steps", s.steps, fmt::format("1 to {}", kMany));
  CAIRN_TRY(check(kWhat, batch_of(s)));
  if (s.stretch < 1 || s.stretch > s.steps) return wrong("stretch", s.stretch, fmt::format("1 to {} steps", s.steps));
  if (s.total_steps < 1 || s.total_steps > kForever) return wrong("total_steps", s.total_steps, "1 to 2^40");
  if (s.warmup_steps >= s.total_steps) {
    return wrong("warmup_steps", s.warmup_steps, fmt::format("less than the {} in total", s.total_steps));
  }
  if (s.first_step > kForever) return wrong("first_step", s.first_step, "at most 2^40");
  if (!(s.final_fraction >= 0.0F && s.final_fraction <= 1.0F))
    return wrong("final_fraction", s.final_fraction, "0 to 1");
  CAIRN_TRY(check(kWhat, optimiser_of(s), s.learning_rate));
  if (s.contribution_bits != 4 && s.contribution_bits != 8)
    return wrong("contribution_bits", s.contribution_bits, "4 or 8");
  return {};
}

std::string to_json(const UnitSettings& settings) {
  return model::fields_to_json(settings);
}

Result<UnitSettings> unit_settings_from_json(std::string_view text) {
  return model::fields_from_json<UnitSettings>(text, kWhat);
}

}  // namespace cairn::train
