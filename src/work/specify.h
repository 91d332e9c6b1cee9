// The step `specify`: the model's spec from what the site knows of it (lineage, permits, reports, log) and from what
// the run and the meter measured; as JSON and as a page, an asset signed like every other. It says what was measured
// and what the permit answers; it decides nothing. Blocking; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "eval/spec.h"
#include "guard/guard.h"
#include "work/energy.h"

namespace cairn::work {

struct SpecInputs {
  std::string name, maker;
  AssetId model;
  std::vector<AssetId> reports;      // of the base: what the spec descends from beside the model
  std::string licence;               // that the base was planned to have
  std::vector<eval::SpecData> data;  // what became of the data
  eval::SpecTraining training;
  Energy energy;
  std::vector<eval::SpecMeasure> measures;
  std::optional<eval::BiasReport> bias;
  std::vector<eval::SpecModule> modules;  // named, not contained: the spec does not descend from them
  std::string model_digest;
};

// All that the site knows of a model: its run, what became of the data of its corpus, the last report of each kind, the
// modules over it. What was not measured is missing, and the spec says so. invalid: not a model, or of a corpus that
// was not planned. Errors: the guard's, where a report may not be read.
Result<SpecInputs> gather_spec(guard::Guard& guard, const AssetId& model);

struct Specified {
  AssetId spec;
  eval::Spec content;
};

// Asks the guard for a table of uses (a verdict each, logged like any other). Errors: the guard's.
Result<Specified> specify(guard::Guard& guard, const SpecInputs& inputs, const Env& env);

}  // namespace cairn::work
