#include "apps/command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <new>

namespace cairn::apps {
namespace {

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// Messages quote files: what would steer a terminal does not reach it.
std::string harmless(std::string text) {
  for (char& c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F) c = '?';
  return text;
}

void report(const Shell& shell, const Error& error) {
  if (shell.json) {
    Json json{{"error", {{"kind", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
    if (auto detail = parse_json(error.detail)) json["error"]["detail"] = *detail;
    fmt::print("{}\n", canonical(json));
    return;
  }
  fmt::print(stderr, "cairn: {}\n", harmless(error.message));
  if (!error.hint.empty()) fmt::print(stderr, "  hint: {}\n", harmless(error.hint));
}

// What an act throws is an error like another.
Result<int> caught(const std::function<Result<int>()>& act) {
  try {
    return act();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "there is not enough memory for this");
  } catch (const std::exception& error) {
    return fail(ErrorCode::failed, "{}", error.what());
  }
}

}  // namespace

void on_chosen(CLI::App& command, Shell& shell, std::function<Result<int>()> act) {
  command.callback([&shell, act = std::move(act)] {
    const Result<int> outcome = caught(act);
    if (outcome) {
      shell.exit_code = *outcome;
      return;
    }
    report(shell, outcome.error());
    shell.exit_code = static_cast<int>(outcome.error().code);
  });
}

void print(const Shell& shell, const std::string& text, const Json& json) {
  if (shell.json) {
    fmt::print("{}\n", canonical(json));
  } else {
    fmt::print("{}\n", text);
  }
  std::fflush(stdout);
}

ProgressSink terminal_progress() {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  auto last = std::make_shared<std::chrono::steady_clock::time_point>();
  return [terminal, last](const Progress& p) {
    const auto now = std::chrono::steady_clock::now();
    const bool whole = p.total > 0 && p.done >= p.total;
    if (!whole && now - *last < std::chrono::milliseconds(terminal ? 200 : 5000)) return;
    *last = now;
    const std::string share =
        p.total > 0 ? fmt::format("{:3.0f} %", 100 * p.done / p.total) : fmt::format("{:.0f} {}", p.done, p.unit);
    fmt::print(stderr, "{}  {} {}  {}{}", terminal ? "\r\x1b[K" : "", p.stage, share, p.note,
               terminal && !whole ? "" : "\n");
    std::fflush(stderr);
  };
}

bool interrupted() {
  return g_interrupted.load(std::memory_order_relaxed);
}

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_interrupted.store(true, std::memory_order_relaxed); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace cairn::apps
