#include "work/train.h"

#include <numeric>
#include <random>

#include "model/checkpoint.h"
#include "work/commit.h"

namespace cairn::work {

Result<TrainingTokens> TrainingTokens::open(guard::Guard& guard, const AssetId& shards) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(own_use("train"), shards));
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, shards, "train"));
  CAIRN_ASSIGN(data::Shard shard, data::Shard::parse(Bytes(reader.bytes().begin(), reader.bytes().end())));
  TrainingTokens out;
  out.shards_ = shards;
  out.shard_ = std::make_shared<const data::Shard>(std::move(shard));
  return out;
}

std::vector<std::uint32_t> TrainingTokens::deal(std::uint32_t context, std::uint64_t seed) const {
  std::vector<std::uint32_t> order(count() / context);
  std::iota(order.begin(), order.end(), 0U);
  // Fisher and Yates with a generator that the standard fixes to the bit; the modulo's bias is below 2^-40.
  std::mt19937_64 random(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

Result<TokenBuffer> TrainingTokens::shard_of_unit(std::uint64_t index, const train::UnitSettings& settings,
                                                  std::span<const std::uint32_t> deal) const {
  const std::uint64_t windows = std::uint64_t{settings.steps} * settings.sequences;
  if (deal.size() < windows)
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("a unit reads {} windows of {} tokens, the text has {}", windows, settings.context, deal.size()),
        "take fewer local steps, fewer sequences or more data");
  TokenBuffer out(vocabulary());
  out.reserve(windows * settings.context + 1);
  for (std::uint64_t w = 0; w < windows; ++w) {
    const std::uint64_t at = std::uint64_t{deal[(index * windows + w) % deal.size()]} * settings.context;
    out.append(shard_->tokens().subspan(at, settings.context));
  }
  out.push_back(shard_->end_of_text());
  return out;
}

Result<guard::Pass> TrainingTokens::authorise_sharing(guard::Guard& guard) const {
  permit::Use use;
  use.action = "share";
  use.audience = "volunteers";
  return guard.authorise(use, shards_);
}

Result<guard::Pass> TrainingTokens::authorise_replay(guard::Guard& guard) const {
  return guard.authorise(own_use("train"), shards_);
}

Result<AssetId> commit_model(guard::Guard& guard, const AssetId& shards, const AssetId& tokenizer,
                             const std::string& name, ByteView weights, const Json& settings, const Json& properties) {
  CAIRN_ASSIGN(const guard::Pass shards_pass, guard.authorise(own_use("train"), shards));
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(own_use("train"), tokenizer));
  const guard::Pass passes[] = {shards_pass, tokenizer_pass};
  return commit(guard, passes,
                {.kind = "model",
                 .name = name,
                 .step = "train",
                 .settings = settings,
                 .properties = properties,
                 .role = "weights",
                 .bytes = {},
                 .viewed = {weights}});
}

Result<LoadedModel> load_model(guard::Guard& guard, const permit::Use& use, const AssetId& model) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(use, model));
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, model, "weights"));
  CAIRN_ASSIGN(model::Model decoded, model::decode(reader.bytes()));
  return LoadedModel{std::move(decoded), sha256(reader.bytes())};
}

}  // namespace cairn::work
