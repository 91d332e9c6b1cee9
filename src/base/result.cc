#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace cairn {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::failed: return "failed";
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::denied: return "denied";
    case ErrorCode::unknown: return "unknown";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::busy: return "busy";
    case ErrorCode::no_space: return "no space";
    case ErrorCode::stale: return "stale";
    case ErrorCode::unreachable: return "unreachable";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::interrupted: return "interrupted";
  }
  return "failed";
}

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "cairn: bug at %s:%d: %s does not hold. Please report it.\n", file, line, condition);
  std::abort();
}

}  // namespace cairn
