#include "work/evaluate.h"

#include "data/record_file.h"
#include "eval/compression.h"
#include "eval/order3.h"
#include "work/commit.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {
namespace {

Result<std::vector<data::Record>> read_role(guard::Guard& guard, const guard::Pass& pass, const char* role) {
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, pass.asset(), role));
  return data::read_records(reader.bytes());
}

Result<double> order3_bits(const std::vector<data::Record>& training, std::span<const eval::Document> heldout) {
  const std::vector<std::string_view> texts = [&] {
    std::vector<std::string_view> out;
    for (const data::Record& record : training) out.push_back(record.text);
    return out;
  }();
  CAIRN_ASSIGN(const eval::Order3 order3, eval::Order3::train(texts));
  double bits = 0;
  for (const eval::Document& document : heldout) bits += order3.bits(document.text);
  return bits;
}

}  // namespace

Result<BitsEvaluated> evaluate_bits(guard::Guard& guard, tensor::Context& context, const AssetId& model,
                                    const AssetId& tokenizer, const AssetId& corpus,
                                    const std::function<bool()>& cancelled) {
  const permit::Use use = own_use("evaluate");
  CAIRN_ASSIGN(const guard::Pass model_pass, guard.authorise(use, model));
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(use, tokenizer));
  CAIRN_ASSIGN(const guard::Pass corpus_pass, guard.authorise(use, corpus));
  CAIRN_ASSIGN(const LoadedModel loaded, load_model(guard, use, model));
  CAIRN_ASSIGN(const text::Tokenizer bpe, load_tokenizer(guard, use, tokenizer));
  CAIRN_ASSIGN(const auto heldout, read_role(guard, corpus_pass, "heldout"));
  std::vector<eval::Document> documents;
  std::string whole;
  for (const data::Record& record : heldout) {
    documents.push_back({record.source, record.text});
    whole += record.text;
  }

  BitsEvaluated out;
  CAIRN_ASSIGN(infer::Scorer scorer, infer::Scorer::open(context, loaded.model));
  CAIRN_ASSIGN(out.model, eval::bits_per_byte(scorer, bpe, documents, {}, cancelled));
  CAIRN_ASSIGN(const auto training, read_role(guard, corpus_pass, "records"));
  CAIRN_ASSIGN(const double order3, order3_bits(training, documents));
  CAIRN_ASSIGN(const std::uint64_t xz, eval::xz9_size(as_bytes(whole)));
  const double bytes = static_cast<double>(whole.size());
  out.order3_bits_per_byte = order3 / bytes;
  out.xz9_bits_per_byte = 8 * static_cast<double>(xz) / bytes;

  const Json report{{"task", "bits-per-byte"},
                    {"model_digest", loaded.digest.hex()},
                    {"model", eval::to_json(out.model)},
                    {"order3", {{"bits_per_byte", out.order3_bits_per_byte}}},
                    {"xz9", {{"bits_per_byte", out.xz9_bits_per_byte}}}};
  const guard::Pass passes[] = {model_pass, tokenizer_pass, corpus_pass};
  CAIRN_ASSIGN(out.report, commit(guard, passes,
                                  {.kind = "report",
                                   .name = "bits per byte on held-out text",
                                   .step = "evaluate",
                                   .settings = Json{{"task", "bits-per-byte"}},
                                   .properties = Json{{"bits_per_byte", out.model.all.value()}},
                                   .role = "report",
                                   .bytes = to_bytes(canonical(report))}));
  return out;
}

}  // namespace cairn::work
