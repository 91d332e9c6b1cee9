// A run killed with kill -9 at random moments ends with the bits of an undisturbed one.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "train/run_testing.h"

namespace cairn::train {
namespace {

using namespace testing_run;
namespace fs = std::filesystem;

// One life of the process: goes on from the file if there is one, and writes a byte for every step done.
int live(const fs::path& path, std::uint32_t save_every, int steps) {
  tensor::Context context = one_thread();
  const auto tokens = text_of(400);
  Result<Bytes> file = read_file(path);
  if (!file && file.error().code != ErrorCode::not_found) return 1;
  Result<TrainingRun> run = file ? TrainingRun::resume(context, *file, tokens) : begin_tiny(context, tokens);
  if (!run) return 2;
  const Status ended =
      run_to_end(*run, {.file = path,
                        .save_every = save_every,
                        .evaluate_every = 0,
                        .on_step = [steps](const StepReport&) { [[maybe_unused]] const auto n = write(steps, ".", 1); },
                        .on_evaluation = {},
                        .cancelled = {}});
  return ended ? 0 : 3;
}

// Lives once and is struck some time after `steps` steps; the exit code if it came to its end before.
std::optional<int> live_and_strike(const fs::path& path, std::uint32_t save_every, std::size_t steps,
                                   std::size_t later) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    _exit(live(path, save_every, ends[1]));
  }
  close(ends[1]);
  char step = 0;
  for (std::size_t i = 0; i < steps && read(ends[0], &step, 1) == 1; ++i) {
  }
  // A moment within the next step or save: some microseconds of work.
  Digest delay;
  for (std::size_t i = 0; i < later; ++i) delay = sha256(delay.bytes);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return std::nullopt;
}

TEST(RunCrash, KilledAtRandomStepsItEndsWithTheSameBits) {
  const Bytes expected = file_after(tiny_settings(), tiny_settings().steps);
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  fmt::print("seed {}\n", seed);
  std::mt19937_64 random(seed);
  int strikes = 0;
  for (int round = 0; round < 12; ++round) {
    const TemporaryFolder folder = TemporaryFolder::make("cairn-run-crash").value();
    const fs::path path = folder.path() / "run";
    std::optional<int> code;
    for (int life = 0; life < 40 && !code; ++life) {
      code = live_and_strike(path, 1 + static_cast<std::uint32_t>(random() % 3), random() % 6, random() % 6000);
      strikes += code ? 0 : 1;
    }
    if (!code) code = live_and_strike(path, 1, 1000, 0);
    ASSERT_TRUE(!code || *code == 0) << *code;
    ASSERT_EQ(read_file(path).value(), expected) << "round " << round;
  }
  EXPECT_GT(strikes, 12);
}

}  // namespace
}  // namespace cairn::train
