// kill -9 at any moment, and several processes on one site at once.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>

#include "ledger/sqlite.h"
#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

// What a child does until it is killed: blobs, assets, notes, now and then a revocation; a byte down the pipe after
// each.
[[noreturn]] void work(const TestSite& site, int pipe, unsigned seed, int at_most) {
  std::mt19937 random(seed);
  auto ledger = Ledger::open(site.root, test_env());
  if (!ledger) ::_exit(2);
  BlobStore store(door(), site.root, test_env());
  std::vector<AssetId> mine;
  for (int i = 0; i < at_most; ++i) {
    auto blob = store.put({{Bytes(random() % 200'000, static_cast<std::uint8_t>(i))}, {}},
                          random() % 2 == 0 ? std::optional(sha256("narrow")) : std::nullopt);
    if (!blob) ::_exit(3);
    blob->role = "records";
    std::vector<AssetId> inputs;
    if (!mine.empty() && random() % 2 == 0) inputs.push_back(mine[random() % mine.size()]);
    auto added = add(*ledger, fmt::format("asset {} of {}", i, seed), inputs, {*blob});
    if (!added && added.error().code != ErrorCode::stale) ::_exit(4);
    if (added) mine.push_back(*added);
    if (i % 7 == 6 && !ledger->revoke(door(), mine[random() % mine.size()], "test", "test") && mine.empty()) ::_exit(5);
    if (::write(pipe, "x", 1) != 1) ::_exit(6);
  }
  ::_exit(0);
}

struct Child {
  pid_t pid = 0;
  int from = -1;
};

Child start(const TestSite& site, unsigned seed, int at_most) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) work(site, ends[1], seed, at_most);
  ::close(ends[1]);
  return {pid, ends[0]};
}

TEST(Crash, KilledAtAnyMomentASiteOpensWithEveryAssetWhole) {
  const unsigned seed = 2026;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const TestSite site;
  std::size_t acknowledged = 0;
  for (unsigned round = 0; round < 12; ++round) {
    const Child child = start(site, seed + round, 1000);
    const std::size_t steps = 1 + random() % 8;
    char byte = 0;
    for (std::size_t i = 0; i < steps; ++i) ASSERT_EQ(::read(child.from, &byte, 1), 1) << "round " << round;
    // Somewhere within the next act: some of its work is done, no telling how much.
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 6000);
    while (std::chrono::steady_clock::now() < until) {
    }
    ASSERT_EQ(::kill(child.pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child.pid, &status, 0), child.pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ": exit " << WEXITSTATUS(status);
    ::close(child.from);
    acknowledged += steps;

    const Ledger ledger = site.open();
    const BlobStore swept(door(), site.root, test_env());
    EXPECT_TRUE(std::filesystem::is_empty(site.root / "blobs" / "incoming")) << "round " << round;
    const VerifyReport report = ledger.verify().value();
    EXPECT_TRUE(report.ok()) << "round " << round << ": " << report.to_text();
    EXPECT_LE(report.orphans, round + 1);
    // What was acknowledged is there; at most one act a round was under way beside it.
    EXPECT_GE(report.assets, acknowledged) << "round " << round;
  }
}

TEST(Crash, TwoProcessesWriteOneSiteAndLoseNothing) {
  const TestSite site;
  const Child children[] = {start(site, 1, 25), start(site, 2, 25), start(site, 3, 25)};
  for (const Child& child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child.pid, &status, 0), child.pid);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    ::close(child.from);
  }
  const VerifyReport report = site.open().verify().value();
  EXPECT_TRUE(report.ok()) << report.to_text();
  EXPECT_GE(report.assets, 60u);  // those that met a revocation in between were told that they were stale
}

TEST(Crash, ASecondWriterWaitsItsTimeAndIsToldWhoIsBusy) {
  const TestSite site;
  Database holder = Database::open(site.root / "cairn.db").value();
  ASSERT_TRUE(holder.execute("BEGIN IMMEDIATE").has_value());
  Database second = Database::open(site.root / "cairn.db").value();
  ASSERT_TRUE(second.execute("PRAGMA busy_timeout = 1").has_value());
  const auto refused = Transaction::begin(second, Transaction::Mode::write);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::busy);
  EXPECT_EQ(refused.error().hint, "another process is writing to this site; try again when it is done");
  EXPECT_TRUE(site.open().head().has_value());  // readers do not wait
}

}  // namespace
}  // namespace cairn::ledger
