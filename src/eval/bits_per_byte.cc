#include "eval/bits_per_byte.h"

#include <cmath>
#include <numbers>

namespace cairn::eval {
namespace {

void add(BitsPerByte& to, double bits, const Document& document, std::size_t tokens) {
  to.bits += bits;
  to.bytes += document.text.size();
  to.tokens += tokens;
  to.documents += 1;
}

}  // namespace

Result<BitsReport> bits_per_byte(infer::Scorer& scorer, const text::Tokenizer& tokenizer,
                                 std::span<const Document> documents, const infer::ScoreSettings& settings,
                                 const std::function<bool()>& cancelled) {
  text::Encoder encoder(tokenizer);
  std::vector<std::vector<TokenId>> texts;
  for (const Document& document : documents) {
    std::vector<TokenId>& tokens = texts.emplace_back();
    tokens.push_back(tokenizer.begin_of_text());
    encoder.encode(document.text, tokens);
    tokens.push_back(tokenizer.end_of_text());
  }
  if (texts.empty()) return fail(ErrorCode::invalid, "no document to score");
  CAIRN_ASSIGN(const auto scores, scorer.score_all(texts, settings, cancelled));
  BitsReport report;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    double bits = 0;
    for (const float logprob : scores[i]) bits -= static_cast<double>(logprob) / std::numbers::ln2;
    add(report.all, bits, documents[i], scores[i].size());
    add(report.by_source[std::string(documents[i].source)], bits, documents[i], scores[i].size());
  }
  if (report.all.bytes == 0) return fail(ErrorCode::invalid, "the documents hold no text");
  return report;
}

Json to_json(const BitsReport& report) {
  const auto one = [](const BitsPerByte& b) {
    return Json{{"bits_per_byte", b.value()}, {"bytes", b.bytes}, {"tokens", b.tokens}, {"documents", b.documents}};
  };
  Json out{{"all", one(report.all)}, {"by_source", Json::object()}};
  for (const auto& [source, b] : report.by_source) out["by_source"][source] = one(b);
  return out;
}

}  // namespace cairn::eval
