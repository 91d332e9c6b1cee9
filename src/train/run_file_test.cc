#include "train/run_file.h"

#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "model/safetensors.h"
#include "train/run_testing.h"

namespace cairn::train {
namespace {

using namespace testing_run;

Result<std::uint32_t> resumed(ByteView file, std::span<const std::uint16_t> tokens) {
  tensor::Context context = one_thread();
  CAIRN_ASSIGN(const TrainingRun run, TrainingRun::resume(context, file, tokens));
  return run.done();
}

// The file with one entry of its metadata changed; the header's length follows.
Bytes with(const Bytes& file, const std::string& key, const std::string& value) {
  model::Metadata metadata = model::read_metadata(file).value();
  metadata[key] = value;
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  Json header = parse_json(as_text(ByteView(file).subspan(8, length))).value();
  header["__metadata__"] = metadata;
  std::string text = canonical(header);
  text.append((64 - (8 + text.size()) % 64) % 64, ' ');
  Bytes out;
  append(out, static_cast<std::uint64_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
  out.insert(out.end(), file.begin() + static_cast<std::ptrdiff_t>(8 + length), file.end());
  return out;
}

TEST(RunFile, IsRefusedWhereverItIsCut) {
  const Bytes file = file_after(tiny_settings(), 3);
  const auto tokens = text_of(400);
  ASSERT_EQ(resumed(file, tokens).value(), 3U);
  for (std::size_t size = 0; size < file.size(); size += size < 4000 ? 13 : 997)
    EXPECT_EQ(resumed(ByteView(file).first(size), tokens).error().code, ErrorCode::malformed) << size << " bytes";
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(resumed(longer, tokens));
}

// 16 bits a token up to a vocabulary of 65,536, however the tokens lie in memory; 32 above.
TEST(RunFile, TheDigestOfTokensIsOfTheNarrowestForm) {
  const std::vector<std::uint16_t> narrow = text_of(70000);
  const std::vector<TokenId> wide(narrow.begin(), narrow.end());
  const Digest expected = sha256(Tokens(narrow).bytes());
  EXPECT_EQ(digest_of_tokens(narrow, 24), expected);
  EXPECT_EQ(digest_of_tokens(wide, 65536), expected);
  EXPECT_EQ(digest_of_tokens(narrow, 65537), sha256(Tokens(wide).bytes()));
  EXPECT_EQ(digest_of_tokens(wide, 65537), sha256(Tokens(wide).bytes()));
}

TEST(RunFile, ARunOfManyTokensGoesOn) {
  tensor::Context context = one_thread();
  model::ModelConfig config = tiny_config();
  config.vocabulary = 70001;
  std::vector<TokenId> tokens;
  for (const TokenId token : text_of(400)) tokens.push_back(70000 - token);
  const auto begin = [&] {
    return TrainingRun::begin(context, model::Model::initialise(config, 1).value(), tokens, tiny_settings()).value();
  };
  TrainingRun whole = begin(), cut = begin();
  ASSERT_TRUE(whole.step());
  ASSERT_TRUE(cut.step());
  TrainingRun resumed = TrainingRun::resume(context, file_of(cut), tokens).value();
  ASSERT_TRUE(whole.step());
  ASSERT_TRUE(resumed.step());
  EXPECT_EQ(file_of(resumed), file_of(whole));
  EXPECT_EQ(resumed.evaluate(tokens)->tokens, 399U);
}

TEST(RunFile, NoFlippedBitPasses) {
  const auto tokens = text_of(400);
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  RunSettings settings = tiny_settings();
  for (const Algorithm algorithm : {Algorithm::adamw, Algorithm::muon}) {
    settings.algorithm = algorithm;
    settings.state_bits = algorithm == Algorithm::muon ? 8 : 32;
    const Bytes file = file_after(settings, 3);
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), 8);
    for (int i = 0; i < 300; ++i) {
      Bytes flipped = file;
      const std::size_t at = i % 2 == 0 ? random() % (8 + length) : 8 + length + random() % (file.size() - 8 - length);
      flipped[at] ^= static_cast<std::uint8_t>(1U << random() % 8);
      EXPECT_FALSE(resumed(flipped, tokens)) << "byte " << at;
    }
  }
}

TEST(RunFile, SaysWhatIsWrong) {
  const Bytes file = file_after(tiny_settings(), 3);
  const auto tokens = text_of(400);
  const auto message = [&](const std::string& key, const std::string& value) {
    const auto run = resumed(with(file, key, value), tokens);
    return run ? std::string("resumed") : run.error().message;
  };
  RunSettings seeded = tiny_settings();
  seeded.seed = 1;
  EXPECT_EQ(message("settings", to_json(seeded)).substr(0, 37), "run file: the content has the digest ");
  EXPECT_EQ(message("step", "2").substr(0, 37), "run file: the content has the digest ");
  EXPECT_EQ(message("format", "cairn.run.9"), "run file: format 'cairn.run.9', expected 'cairn.run.1'");
  EXPECT_EQ(message("step", "13"), "run file: step '13', expected 0 to the run's 12");
  EXPECT_EQ(message("step", "-1"), "run file: step '-1', expected 0 to the run's 12");
  EXPECT_EQ(message("step", ""), "run file: step '', expected 0 to the run's 12");
  EXPECT_EQ(message("step", "03"),
            "safetensors: '__metadata__': expected " + canonical(Json(model::read_metadata(file).value())) + ", got " +
                canonical(Json(model::read_metadata(with(file, "step", "03")).value())).substr(0, 256));
  EXPECT_EQ(message("settings", "{}"), "run file: run settings: 'profile' is missing");
  EXPECT_EQ(message("config", "[]").substr(0, 30), "run file: model configuration:");
  EXPECT_EQ(message("tokens", "00").substr(0, 20), "run file: \"tokens\": ");
  EXPECT_EQ(message("content", std::string(64, '0')).substr(0, 37), "run file: the content has the digest ");
  RunSettings other = tiny_settings();
  other.context = 64;
  EXPECT_EQ(message("settings", to_json(other)), "run file: run settings: context is 64, expected 1 to the model's 16");
}

TEST(RunFile, KnowsItsText) {
  const Bytes file = file_after(tiny_settings(), 3);
  const auto run = resumed(file, text_of(400, 6));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::invalid);
  EXPECT_EQ(run.error().hint, "give the text that it was begun with, or begin another run");
}

TEST(RunFile, RefusesAStateThatCannotBe) {
  tensor::Context context = one_thread();
  model::Model model = model::Model::initialise(tiny_config(), 1).value();
  Optimiser optimiser(model.parameters(), {});
  const auto tokens = text_of(400);
  std::vector<StateTensor> state = optimiser.state();
  state.back().values[7] = -1.0F;
  const Bytes file = joined(
      encode_run({tiny_settings(), tiny_config(), 1, digest_of_tokens(tokens, tiny_config().vocabulary)}, model, state)
          .bytes());
  EXPECT_EQ(resumed(file, tokens).error().message, "optimiser: second moment 7 is -1, expected 0 or more");
}

}  // namespace
}  // namespace cairn::train
