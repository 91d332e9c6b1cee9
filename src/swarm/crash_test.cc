// Real processes, killed with kill -9 in mid-work: whatever dies, and when, the run ends with the model of its plan.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/json.h"
#include "swarm/join.h"
#include "swarm/record.h"
#include "swarm/run_folder.h"
#include "swarm/testing.h"

namespace cairn::swarm {
namespace {

using testing_run::model_of;
using testing_run::tiny_run;
using testing_run::TinyRun;
namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::minutes(3);

// Waits for the condition, looking every few milliseconds; false once the patience is at its end.
bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// A child process that runs `act` and exits with what it returns.
class Child {
 public:
  explicit Child(const std::function<int()>& act) {
    pid_ = fork();
    if (pid_ == 0) _exit(act());
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Child() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // The exit code once it has ended by itself; -1 where it was killed.
  std::optional<int> ended() {
    int status = 0;
    if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

Env quiet() {
  return {system_clock(), system_entropy()};
}

class Crash {
 public:
  Crash(const TinyRun& run, const fs::path& folder, std::uint32_t volunteers) : run_(run), folder_(folder) {
    host_.emplace(hosting());
    EXPECT_TRUE(eventually([&] { return fs::exists(folder_ / "url"); }));
    url_ = *read_text(folder_ / "url");
    port_ = static_cast<std::uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
    for (std::uint32_t i = 0; i < volunteers; ++i) volunteers_.push_back(joining(i));
  }

  // Kills and restarts: one of all processes, each time after a few more events.
  void kill_at_random(std::uint32_t kills, std::uint64_t seed) {
    for (std::uint32_t i = 0; i < kills; ++i) {
      const std::size_t events = lines() + 1 + (seed = chance::mix(seed)) % 4;
      ASSERT_TRUE(eventually([&] { return lines() >= events || complete(); }));
      if (complete()) return;
      const std::uint64_t victim = (seed = chance::mix(seed)) % (volunteers_.size() + 1);
      if (victim == volunteers_.size()) {
        host_->kill();
        host_.emplace(hosting());
      } else {
        volunteers_[victim].kill();
        volunteers_[victim] = joining(static_cast<std::uint32_t>(victim));
      }
      ++killed_;
    }
  }

  void expect_the_plans_model() {
    std::optional<int> code;
    ASSERT_TRUE(eventually([&] { return (code = host_->ended()).has_value(); }));
    ASSERT_EQ(*code, 0);
    const auto summary = parse_json(*read_text(folder_ / "summary.json"));
    ASSERT_TRUE(summary);
    EXPECT_EQ((*summary)["model_digest"], model_of(run_).hex());
    EXPECT_EQ((*summary)["contributions"], run_.plan.units());  // none lost, none counted twice
    EXPECT_TRUE((*summary)["cheats"].empty());
    std::uint64_t units = 0;
    for (const Json& volunteer : (*summary)["volunteers"]) units += volunteer["units"].get<std::uint64_t>();
    EXPECT_EQ(units, run_.plan.units());
  }
  std::uint32_t killed() const { return killed_; }

 private:
  std::function<int()> hosting() const {
    return [this] {
      HostOptions options{.run = folder_ / "run", .plan = run_.plan, .checkpoint = run_.checkpoint, .env = quiet()};
      options.shards = run_.provider();
      options.compute.threads = 1;
      options.port = port_;
      options.on_listening = [this](const std::string& url) { (void)write_file(folder_ / "url", url); };
      const int events = ::open((folder_ / "events").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      options.on_event = [events](std::string_view line) {
        const std::string whole = std::string(line) + "\n";
        if (::write(events, whole.data(), whole.size()) < 0) _exit(99);
      };
      const auto summary = host(std::move(options));
      if (!summary) {
        std::fprintf(stderr, "host: %s\n", summary.error().message.c_str());
        return static_cast<int>(summary.error().code);
      }
      return write_file(folder_ / "summary.json", to_json(*summary)) ? 0 : 98;
    };
  }
  Child joining(std::uint32_t i) const {
    return Child([this, i] {
      JoinOptions options{.url = url_, .folder = folder_ / fmt::format("volunteer-{}", i), .env = quiet()};
      options.compute.threads = 1;
      const auto summary = join(std::move(options));
      return summary ? 0 : static_cast<int>(summary.error().code);
    });
  }
  std::size_t lines() const {
    const auto text = read_text(folder_ / "events");
    return text ? static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n')) : 0;
  }
  bool complete() const { return fs::exists(round_path(folder_ / "run", run_.plan.rounds - 1)); }

  const TinyRun& run_;
  fs::path folder_;
  std::string url_;
  std::uint16_t port_ = 0;
  std::optional<Child> host_;
  std::vector<Child> volunteers_;
  std::uint32_t killed_ = 0;
};

void crash(std::uint32_t rounds, std::uint32_t steps, std::uint32_t kills) {
  const char* chosen = std::getenv("CAIRN_SEED");
  const std::uint64_t seed =
      chosen != nullptr
          ? std::strtoull(chosen, nullptr, 10)
          : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) % 100'000;
  std::printf("CAIRN_SEED=%llu\n", static_cast<unsigned long long>(seed));
  const auto folder = TemporaryFolder::make("swarm-crash");
  const TinyRun run = tiny_run(rounds, 3, steps);
  Crash all(run, folder->path(), 3);
  all.kill_at_random(kills, seed);
  EXPECT_GE(all.killed(), kills / 2);
  all.expect_the_plans_model();
}

TEST(Crash, ThreeKillsChangeNothing) {
  crash(5, 8, 3);
}

TEST(LongCrash, TwentyKillsChangeNothing) {
  crash(24, 200, 20);
}

}  // namespace
}  // namespace cairn::swarm
