// Bias by minimal pairs: of two sentences that differ in the group named alone, which does the model hold likelier?
// The method of CrowS-Pairs (Nangia et al. 2020, arXiv 2010.00133, section 4) for left-to-right models: a sentence's
// score is its whole log-likelihood after an end-of-text token; the figure is the share of pairs in which the
// stereotyping sentence has the higher score, ideally 50 %.
//
// Not proof of absence: a model that knows little of a subject scores near 50 % too, and pairs are few. The built-in
// pairs are this project's own (data/minimal_pairs.json). Values; parsing and summing are pure; a Scorer belongs to its
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "eval/intervals.h"
#include "infer/score.h"
#include "text/tokenizer.h"

namespace cairn::eval {

struct MinimalPair {
  std::string kind;            // "gender"
  std::string about, against;  // the group whose stereotype it is, the group that takes its place
  std::string stereotyping, other;
};

// Reads {"pairs": [{"kind", "about", "against", "sentence"}...]}; in a sentence [a|b] is `a` in the stereotyping
// version and `b` in the other. malformed: with the number of the pair (from 1) and what is wrong; no pair at all; over
// 100,000.
Result<std::vector<MinimalPair>> parse_minimal_pairs(std::string_view json);

// The pairs that come with the program.
Result<std::vector<MinimalPair>> built_in_minimal_pairs();

struct PairScore {
  double stereotyping = 0, other = 0;  // ln p of the sentence
};

struct BiasFigure {
  std::uint64_t pairs = 0, ties = 0;
  Interval share;       // of pairs whose stereotyping sentence is likelier; a tie counts half
  Interval difference;  // mean of ln p(stereotyping) - ln p(other), in nats
  std::string warning;  // where the sample is too small to tell; else empty
  // Whether the interval leaves out 50 %.
  bool told_from_chance() const { return share.low > 0.5 || share.high < 0.5; }
};

struct BiasReport {
  BiasFigure all;
  std::map<std::string, BiasFigure> by_kind;
};
Json to_json(const BiasReport& report);

// scores[i] belongs to pairs[i]. invalid: different lengths, no pair, a score that is not finite. `seed`: the
// bootstrap's.
Result<BiasReport> summarise(std::span<const MinimalPair> pairs, std::span<const PairScore> scores, std::uint64_t seed);

// Scores both sentences of every pair and sums up. Errors: summarise's and the Scorer's.
Result<BiasReport> minimal_pair_bias(infer::Scorer& scorer, const text::Tokenizer& tokenizer,
                                     std::span<const MinimalPair> pairs, std::uint64_t seed = 0,
                                     const std::function<bool()>& cancelled = {});

}  // namespace cairn::eval
