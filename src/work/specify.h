// The step `specify`: the model's spec from what the site knows of it (lineage, permits, reports, log) and from what
// the run and the meter measured; as JSON and as a page, an asset signed like every other. It says what was measured
// and what the permit answers; it decides nothing. Blocking; one thread.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "eval/spec.h"
#include "guard/guard.h"
#include "work/energy.h"
#include "work/plan.h"

namespace cairn::work {

struct SpecInputs {
  std::string name, maker;
  AssetId model, tokenizer;
  std::vector<AssetId> reports;  // of the base: what the spec descends from beside the model
  std::string licence;           // that the base was planned to have
  const Plan* plan = nullptr;    // what became of the data
  eval::SpecTraining training;
  Energy energy;
  std::vector<eval::SpecMeasure> measures;
  eval::BiasReport bias;
  std::vector<eval::SpecModule> modules;  // named, not contained: the spec does not descend from them
  std::string model_digest;
};

struct Specified {
  AssetId spec;
  eval::Spec content;
};

// Asks the guard for a table of uses (a verdict each, logged like any other). Errors: the guard's.
Result<Specified> specify(guard::Guard& guard, const SpecInputs& inputs, const Env& env);

}  // namespace cairn::work
