#include "work/tokenise.h"

#include "data/record_file.h"
#include "data/shard.h"
#include "work/commit.h"

namespace cairn::work {
namespace {

Result<std::vector<data::Record>> read_role(guard::Guard& guard, const guard::Pass& pass, const AssetId& corpus,
                                            const char* role) {
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, corpus, role));
  return data::read_records(reader.bytes());
}

struct MadeShard {
  Bytes file;
  std::uint64_t tokens = 0, bytes = 0;
};

MadeShard make_shard(const text::Tokenizer& tokenizer, const std::vector<data::Record>& records, std::uint64_t seed) {
  MadeShard out;
  data::ShardWriter writer(tokenizer);
  for (const std::size_t i : data::shard_order(records, seed)) {
    writer.add(records[i].text);
    out.bytes += records[i].text.size();
  }
  out.tokens = writer.tokens().size();
  out.file = writer.finish();
  return out;
}

}  // namespace

Result<Tokenised> tokenise(guard::Guard& guard, const AssetId& corpus, const text::TokenizerSettings& settings,
                           std::uint64_t seed, const Env& env) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(own_use("train"), corpus));
  CAIRN_ASSIGN(const auto train, read_role(guard, pass, corpus, "records"));
  CAIRN_ASSIGN(const auto heldout, read_role(guard, pass, corpus, "heldout"));
  text::TokenizerTrainer trainer;
  for (const data::Record& record : train) trainer.add(record.text);
  if (env.progress)
    env.progress({.stage = "tokenizer", .done = 1, .total = 2, .unit = "steps", .note = "words counted"});
  CAIRN_ASSIGN(const text::Tokenizer tokenizer, trainer.train(settings));

  Tokenised out;
  out.vocabulary = tokenizer.vocabulary();
  const std::span<const guard::Pass> passes(&pass, 1);
  CAIRN_ASSIGN(out.tokenizer,
               commit(guard, passes,
                      {.kind = "tokenizer",
                       .name = fmt::format("byte-level BPE, {} tokens", out.vocabulary),
                       .step = "tokenise",
                       .settings = Json{{"vocabulary", settings.vocabulary}, {"least_count", settings.least_count}},
                       .properties = Json{{"digest", tokenizer.digest().hex()}},
                       .role = "tokenizer",
                       .bytes = to_bytes(tokenizer.to_json())}));
  MadeShard train_shard = make_shard(tokenizer, train, seed);
  MadeShard heldout_shard = make_shard(tokenizer, heldout, seed);
  out.train_tokens = train_shard.tokens;
  out.heldout_tokens = heldout_shard.tokens;
  out.bytes_per_token = static_cast<double>(train_shard.bytes) / static_cast<double>(train_shard.tokens);
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(own_use("train"), out.tokenizer));
  const guard::Pass both[] = {pass, tokenizer_pass};
  CAIRN_ASSIGN(out.shards, commit(guard, both,
                                  {.kind = "shards",
                                   .name = "training and held-out tokens",
                                   .step = "tokenise",
                                   .settings = Json{{"seed", seed}},
                                   .properties = Json{{"train_tokens", out.train_tokens},
                                                      {"heldout_tokens", out.heldout_tokens},
                                                      {"bytes_per_token", out.bytes_per_token}},
                                   .role = "train",
                                   .bytes = std::move(train_shard.file),
                                   .more = {{"heldout", std::move(heldout_shard.file)}}}));
  if (env.progress)
    env.progress({.stage = "tokenizer", .done = 2, .total = 2, .unit = "steps", .note = "shards written"});
  return out;
}

Result<text::Tokenizer> load_tokenizer(guard::Guard& guard, const permit::Use& use, const AssetId& tokenizer) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(use, tokenizer));
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, tokenizer, "tokenizer"));
  return text::Tokenizer::parse(as_text(reader.bytes()));
}

}  // namespace cairn::work
