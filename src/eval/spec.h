// A model's specification: what it is and was made of, what was measured, and what it may be used for; as values, as
// JSON (docs/formats/spec.md) and as one page of HTML.
//
// Not a source of facts: it shows what the caller found out and decides nothing. The page is a function of the Spec
// alone: the same bytes everywhere, no scripts, nothing fetched, every text escaped. Values; pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "eval/minimal_pairs.h"

namespace cairn::eval {

struct SpecUse {
  std::string use;     // in words: "drafting replies, by members, on their own machine"
  std::string answer;  // "allowed", "denied" or "unknown"
  std::string reason;  // clause, source and path, as the verdict has them
};

// What became of the records of one source under one licence or permit.
struct SpecData {
  std::string source, licence;
  std::string where;   // "base", "module: replies", "left out"
  std::string reason;  // why it is there
  std::uint64_t documents = 0, bytes = 0;
};

struct SpecContributor {
  std::string name;  // who, as they want to be named
  std::uint64_t units = 0, tokens = 0;
  std::string note;  // "put out in round 3: its contribution did not replay"
};

struct SpecTraining {
  std::uint64_t parameters = 0, tokens = 0, rounds = 0;
  std::uint64_t contributions = 0, replayed = 0, refused = 0;
  double seconds = 0;                           // by the clock
  std::map<std::string, std::string> settings;  // "optimiser": "AdamW, ..."
  std::vector<SpecContributor> contributors;
};

struct SpecEnergy {
  double joules = 0, cpu_seconds = 0;
  bool measured = false;  // else estimated
  std::string method;     // a sentence: which counter, or which assumption
};

struct SpecValue {
  std::string name;
  double value = 0;
};
struct SpecMeasure {
  std::string name, unit;
  double value = 0;
  std::optional<Interval> interval;  // at 95 %
  bool less_is_better = true;
  std::vector<SpecValue> beside;  // the same figure of something else, on the same data
  std::string note;               // what it was measured on
};

struct SpecModule {
  std::string name, asset, data, may, may_not, adds;
};
struct SpecDuty {
  std::string name, text;
};
struct SpecCheck {
  std::string claim, command;  // how anyone can check it
};

struct Spec {
  std::string name, version, created, maker;
  std::string asset, model_digest, licence;  // licence: under which the model itself is shared; empty where it is not
  std::vector<std::string> summary;          // paragraphs, in plain words
  std::vector<SpecUse> uses;
  std::vector<SpecData> data;
  SpecTraining training;
  SpecEnergy energy;
  std::vector<SpecMeasure> measures;
  std::optional<BiasReport> bias;
  std::vector<std::string> limits;  // known defects, open recalls
  std::vector<SpecModule> modules;
  std::vector<SpecDuty> duties;
  std::string log_root;
  std::uint64_t log_size = 0;
  std::vector<SpecCheck> verify;
};

// Numbers that are not finite become null, which read_spec refuses.
Json to_json(const Spec& spec);

// malformed: with the place ("uses[2].answer"), the type expected and got; an answer other than the three; a table of
// more than 100,000 rows. Keys that it does not know are left alone, so that older programs read newer specs.
Result<Spec> read_spec(const Json& json);

// The bias of a report as to_json(BiasReport) writes it. malformed: as read_spec().
Result<BiasReport> read_bias(const Json& json);

// One self-contained page, light and dark.
std::string to_html(const Spec& spec);

}  // namespace cairn::eval
