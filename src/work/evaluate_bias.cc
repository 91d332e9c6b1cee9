#include "work/evaluate_bias.h"

#include "work/commit.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {

Result<BiasEvaluated> evaluate_bias(guard::Guard& guard, tensor::Context& context, const AssetId& model,
                                    const AssetId& tokenizer, std::uint64_t seed) {
  const permit::Use use = own_use("evaluate");
  CAIRN_ASSIGN(const guard::Pass model_pass, guard.authorise(use, model));
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(use, tokenizer));
  CAIRN_ASSIGN(const LoadedModel loaded, load_model(guard, use, model));
  CAIRN_ASSIGN(const text::Tokenizer bpe, load_tokenizer(guard, use, tokenizer));
  CAIRN_ASSIGN(const std::vector<eval::MinimalPair> pairs, eval::built_in_minimal_pairs());
  CAIRN_ASSIGN(infer::Scorer scorer, infer::Scorer::open(context, loaded.model));
  BiasEvaluated out;
  CAIRN_ASSIGN(out.bias, eval::minimal_pair_bias(scorer, bpe, pairs, seed));
  const Json report{
      {"task", "minimal-pairs"}, {"model_digest", loaded.digest.hex()}, {"bias", eval::to_json(out.bias)}};
  const guard::Pass passes[] = {model_pass, tokenizer_pass};
  CAIRN_ASSIGN(out.report, commit(guard, passes,
                                  {.kind = "report",
                                   .name = "bias by minimal pairs",
                                   .step = "evaluate",
                                   .settings = Json{{"task", "minimal-pairs"}, {"pairs", pairs.size()}, {"seed", seed}},
                                   .properties = Json{{"share", out.bias.all.share.value}},
                                   .role = "report",
                                   .bytes = to_bytes(canonical(report))}));
  return out;
}

}  // namespace cairn::work
