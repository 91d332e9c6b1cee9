// Fallible functions return Result<T>: a value or an Error that says what, where, expected against got, and what to do.
//
// Three outcomes are kept apart everywhere: absent (not_found), failed (the world's fault) and denied or unknown (a permit's
// answer, carried as a value). Not for bugs: those are CAIRN_CHECK. Libraries never print, exit or abort on input.
// Values; no thread rules.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace cairn {

// A code exists only where a caller can react to it. The number is the exit code of the program (docs/exit-codes.md).
enum class ErrorCode {
  failed = 1,       // anything a caller can only report
  invalid = 2,      // bad usage: an argument, a setting, a request
  denied = 3,       // a permit denies the use
  unknown = 4,      // no permit allows or denies the use: refused
  not_found = 5,    // the thing named does not exist
  malformed = 6,    // bytes that do not parse or do not have their digest
  busy = 7,         // a port, lock or site in use by someone else
  no_space = 8,     // the disk is full
  stale = 9,        // a pass from before the last change of permits: authorise again
  unreachable = 10, // a peer did not answer
  unsupported = 11, // this machine or this version cannot do it
  interrupted = 12, // asked to stop; what was done is kept and can be resumed
};

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;  // what, where, expected against got
  std::string hint;     // what to do next; may be empty
  std::string detail;   // JSON for machines (a verdict, say); may be empty

  // The same error, seen from further out: "reading X: <message>".
  Error within(std::string_view context) && {
    message = fmt::format("{}: {}", context, message);
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// fail(ErrorCode::malformed, "line {}: expected {}", n, what) makes the error side of any Result.
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
[[nodiscard]] inline tl::unexpected<Error> fail_with_hint(ErrorCode code, std::string message, std::string hint) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint), {}});
}

std::string_view name_of(ErrorCode code);

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace cairn

// Our own bug, never the world's: prints the place and aborts.
#define CAIRN_CHECK(condition) \
  do {                         \
    if (!(condition)) ::cairn::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#define CAIRN_CONCAT_(a, b) a##b
#define CAIRN_CONCAT(a, b) CAIRN_CONCAT_(a, b)

// CAIRN_TRY(status_expression): return the error, if it is one.
#define CAIRN_TRY(...)                                                        \
  do {                                                                        \
    if (auto try_ = (__VA_ARGS__); !try_) return ::cairn::fail(std::move(try_).error()); \
  } while (false)

// CAIRN_ASSIGN(auto x, expression): x is the value, or return the error.
#define CAIRN_ASSIGN(target, ...) CAIRN_ASSIGN_(CAIRN_CONCAT(assign_, __LINE__), target, __VA_ARGS__)
#define CAIRN_ASSIGN_(temporary, target, ...)                        \
  auto temporary = (__VA_ARGS__);                                    \
  if (!temporary) return ::cairn::fail(std::move(temporary).error()); \
  target = std::move(*temporary)
