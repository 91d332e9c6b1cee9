#include "train/run.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/run_testing.h"

namespace cairn::train {
namespace {

using namespace testing_run;

TEST(Run, ResumedAtAnyStepEndsWithTheSameBits) {
  for (const Draw draw : {Draw::shuffled, Draw::shifted, Draw::random}) {
    RunSettings settings = tiny_settings();
    settings.draw = draw;
    const Bytes expected = file_after(settings, settings.steps);
    tensor::Context context = one_thread();
    const auto tokens = text_of(400);
    for (std::uint32_t cut = 0; cut <= settings.steps; ++cut) {
      TrainingRun run = TrainingRun::resume(context, file_after(settings, cut), tokens).value();
      EXPECT_EQ(run.done(), cut);
      while (!run.finished()) ASSERT_TRUE(run.step());
      EXPECT_EQ(file_of(run), expected) << "cut after step " << cut;
    }
  }
}

TEST(Run, ResumedItGoesOnWithEveryOptimiser) {
  for (const Algorithm algorithm : {Algorithm::adamw, Algorithm::muon})
    for (const std::uint32_t bits : {32U, 8U}) {
      RunSettings settings = tiny_settings();
      settings.algorithm = algorithm;
      settings.state_bits = bits;
      settings.dropout = 0.2F;
      tensor::Context context = one_thread();
      const auto tokens = text_of(400);
      TrainingRun run = TrainingRun::resume(context, file_after(settings, 5), tokens).value();
      while (!run.finished()) ASSERT_TRUE(run.step());
      EXPECT_EQ(file_of(run), file_after(settings, settings.steps));
    }
}

TEST(Run, IsAPureFunctionOfItsInputs) {
  RunSettings settings = tiny_settings();
  settings.algorithm = Algorithm::muon;
  settings.state_bits = 8;
  const Bytes expected = file_after(settings, 6, {.threads = 1, .isa = tensor::Isa::scalar});
  for (const tensor::Isa isa : tensor::available_isas())
    for (const int threads : {1, 2, 3})
      EXPECT_EQ(file_after(settings, 6, {.threads = threads, .isa = isa}), expected)
          << tensor::name_of(isa) << " with " << threads << " threads";
}

TEST(Run, MemoryForPassesChangesNoBit) {
  RunSettings settings = tiny_settings();
  settings.dropout = 0.2F;
  settings.grain = 1;
  tensor::Context context = one_thread();
  const auto tokens = text_of(400);
  const Bytes expected = file_after(settings, 6);
  std::optional<double> loss;
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{200'000}, std::uint64_t{300'000}}) {
    TrainingRun run =
        TrainingRun::begin(context, model::Model::initialise(tiny_config(), 1).value(), tokens, settings, bytes)
            .value();
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(run.step());
    EXPECT_EQ(file_of(run), expected);
    const double here = run.evaluate(tokens)->loss;
    EXPECT_EQ(loss.value_or(here), here);
    loss = here;
  }
}

TEST(Run, EverySettingMatters) {
  const Bytes base = file_after(tiny_settings(), 8);
  const auto differs = [&base](const char* what, auto change) {
    RunSettings other = tiny_settings();
    change(other);
    const Bytes file = file_after(other, 8);
    // The ends, far behind the header, which names the settings.
    EXPECT_FALSE(std::equal(file.end() - 4096, file.end(), base.end() - 4096)) << what;
  };
  differs("seed", [](RunSettings& s) { s.seed = 1; });
  differs("steps", [](RunSettings& s) { s.steps = 20; });
  differs("grain", [](RunSettings& s) { s.grain = 4; });
  differs("sequences", [](RunSettings& s) { s.sequences = 8; });
  differs("context", [](RunSettings& s) { s.context = 8; });
  differs("draw", [](RunSettings& s) { s.draw = Draw::random; });
  differs("descent", [](RunSettings& s) { s.descent = Descent::linear; });
  differs("decay_steps", [](RunSettings& s) { s.descent = Descent::wsd, s.decay_steps = 9; });
  differs("warmup_steps", [](RunSettings& s) { s.warmup_steps = 3; });
  differs("learning_rate", [](RunSettings& s) { s.learning_rate = 2e-2F; });
  differs("final_fraction", [](RunSettings& s) { s.final_fraction = 0; });
  differs("algorithm", [](RunSettings& s) { s.algorithm = Algorithm::muon; });
  differs("state_bits", [](RunSettings& s) { s.state_bits = 8; });
  differs("beta1", [](RunSettings& s) { s.beta1 = 0.8F; });
  differs("weight_decay", [](RunSettings& s) { s.weight_decay = 0; });
  differs("dropout", [](RunSettings& s) { s.dropout = 0.1F; });
  differs("z_loss", [](RunSettings& s) { s.z_loss = 1e-2F; });
  differs("clip", [](RunSettings& s) { s.clip = 0.1F; });
}

TEST(Run, LearnsAndTheLossIsThatOfTheWholeText) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(2000), unseen = text_of(227, 9);
  RunSettings settings = tiny_settings();
  settings.steps = 150;
  TrainingRun run = begin_tiny(context, tokens, settings);
  EXPECT_NEAR(run.evaluate(unseen)->loss, std::log(24.0), 0.7);
  while (!run.finished()) ASSERT_TRUE(run.step());
  const Evaluation whole = run.evaluate(unseen).value();
  EXPECT_EQ(whole.tokens, 226U);
  EXPECT_LT(whole.loss, 1.2);  // the interruptions cost log(24) / 16 and the surprise that they come
  // The same, window by window; the last one is shorter.
  double sum = 0;
  for (std::size_t at = 0; at + 16 < unseen.size(); at += 16)
    sum += 16 * run.evaluate(std::span(unseen).subspan(at, 17))->loss;
  EXPECT_NEAR(run.evaluate(std::span(unseen).first(225))->loss, sum / 224, 1e-6);
  EXPECT_NE(whole.loss, sum / 224);
  EXPECT_NEAR(whole.loss, sum / 224, 0.1);
  const Evaluation sampled = run.sample(unseen, 200).value();
  EXPECT_EQ(sampled.tokens, 3200U);
  EXPECT_NEAR(sampled.loss, whole.loss, 0.15);
  EXPECT_EQ(run.sample(unseen, 200)->loss, sampled.loss);
}

TEST(Run, EveryOptimiserLearns) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(2000), unseen = text_of(225, 9);
  std::vector<double> losses;
  for (const Algorithm algorithm : {Algorithm::adamw, Algorithm::muon})
    for (const std::uint32_t bits : {32U, 8U}) {
      RunSettings settings = tiny_settings();
      settings.steps = 100;
      settings.algorithm = algorithm;
      settings.state_bits = bits;
      TrainingRun run = begin_tiny(context, tokens, settings);
      while (!run.finished()) ASSERT_TRUE(run.step());
      losses.push_back(run.evaluate(unseen)->loss);
      EXPECT_LT(losses.back(), 1.2) << names_of(algorithm)[static_cast<std::size_t>(algorithm)] << ", " << bits
                                    << " bits";
    }
  EXPECT_NEAR(losses[0], losses[1], 0.05);
  EXPECT_NEAR(losses[2], losses[3], 0.05);
}

TEST(Run, LookingChangesNothing) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(400);
  const TemporaryFolder folder = TemporaryFolder::make("cairn-run").value();
  TrainingRun run = begin_tiny(context, tokens);
  int evaluations = 0, steps = 0;
  ASSERT_TRUE(run_to_end(run, {.file = folder.path() / "run",
                               .save_every = 5,
                               .evaluate_every = 5,
                               .on_step = [&](const StepReport& r) { EXPECT_EQ(r.step, ++steps); },
                               .on_evaluation = [&](const StepReport&) -> Status {
                                 ++evaluations;
                                 CAIRN_TRY(run.evaluate(tokens));
                                 return {};
                               },
                               .cancelled = {}}));
  EXPECT_EQ(evaluations, 4);  // before the first step, after 5 and 10, at the end
  EXPECT_EQ(read_file(folder.path() / "run").value(), file_after(tiny_settings(), 12));
}

TEST(Run, StoppedItIsSavedAndSaysSo) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(400);
  const TemporaryFolder folder = TemporaryFolder::make("cairn-run").value();
  const auto path = folder.path() / "run";
  TrainingRun run = begin_tiny(context, tokens);
  const Status stopped = run_to_end(
      run, {.file = path, .save_every = 100, .evaluate_every = 0, .on_step = {}, .on_evaluation = {}, .cancelled = [&] {
              return run.done() == 7;
            }});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_EQ(stopped.error().message, "run: stopped after 7 of 12 steps; " + path.string() + " holds it");
  EXPECT_EQ(TrainingRun::resume(context, read_file(path).value(), tokens)->done(), 7U);
}

TEST(Run, RefusesSettingsOutOfRange) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(400);
  const auto message = [&](auto change) {
    RunSettings s = tiny_settings();
    change(s);
    const auto run = TrainingRun::begin(context, model::Model::initialise(tiny_config(), 1).value(), tokens, s);
    return run ? std::string("begun") : run.error().message;
  };
  EXPECT_EQ(message([](RunSettings& s) { s.grain = 3; }),
            "run settings: grain is 3, expected a divisor of the 4 sequences");
  EXPECT_EQ(message([](RunSettings& s) { s.context = 17; }),
            "run settings: context is 17, expected 1 to the model's 16");
  EXPECT_EQ(message([](RunSettings& s) { s.warmup_steps = 12; }),
            "run settings: warmup_steps is 12, expected less than the 12 steps");
  EXPECT_EQ(message([](RunSettings& s) { s.descent = Descent::wsd; }),
            "run settings: decay_steps is 0, expected 1 to 10, the steps after the warm-up");
  EXPECT_EQ(message([](RunSettings& s) { s.decay_steps = 5; }),
            "run settings: decay_steps is 5, expected 0: only the descents wsd and wsd-sqrt have them");
  EXPECT_EQ(message([](RunSettings& s) { s.state_bits = 16; }), "run settings: state_bits is 16, expected 8 or 32");
  EXPECT_EQ(message([](RunSettings& s) { s.momentum = 1; }), "run settings: momentum is 1, expected 0 to below 1");
  EXPECT_EQ(message([](RunSettings& s) { s.profile = "c9"; }),
            "run settings: profile 'c9' is not known; this version computes 'c1'");
  EXPECT_EQ(
      TrainingRun::begin(context, model::Model::initialise(tiny_config(), 1).value(), text_of(16), tiny_settings())
          .error()
          .message,
      "run: 16 tokens, at least 17 (context + 1) are needed");
}

TEST(RunSettings, ComeBackAsTheyWere) {
  RunSettings s = tiny_settings();
  s.descent = Descent::wsd_sqrt;
  s.decay_steps = 4;
  s.draw = Draw::random;
  s.algorithm = Algorithm::muon;
  s.state_bits = 8;
  s.seed = 0xFFFFFFFFFFFFFFFFULL;
  EXPECT_EQ(run_settings_from_json(to_json(s)).value(), s);
  EXPECT_EQ(run_settings_from_json(R"({"steps":1})").error().message, "run settings: 'profile' is missing");
}

}  // namespace
}  // namespace cairn::train
