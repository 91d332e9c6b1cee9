// Bits per byte of a model over documents: what it needs to say a text, whatever its tokenizer.
//   bpb = sum over documents of -log2 p(tokens, end of text | start) / sum of their bytes
// Windows overlap as infer::ScoreSettings says; each document begins after an end-of-text token, and its own end is
// counted against the model. Not a sample: what is given is scored whole. The Scorer belongs to the calling thread.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "infer/score.h"
#include "text/tokenizer.h"

namespace cairn::eval {

struct Document {
  std::string_view source, text;
};

struct BitsPerByte {
  double bits = 0;
  std::uint64_t bytes = 0, tokens = 0, documents = 0;
  double value() const { return bytes == 0 ? 0 : bits / static_cast<double>(bytes); }
};
struct BitsReport {
  BitsPerByte all;
  std::map<std::string, BitsPerByte> by_source;
};
Json to_json(const BitsReport& report);

// invalid: no document, or none with text. Other errors: the Scorer's.
Result<BitsReport> bits_per_byte(infer::Scorer& scorer, const text::Tokenizer& tokenizer,
                                 std::span<const Document> documents, const infer::ScoreSettings& settings = {},
                                 const std::function<bool()>& cancelled = {});

}  // namespace cairn::eval
