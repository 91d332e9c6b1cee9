// Pieces of bytes, cut anywhere, to pieces of well-formed UTF-8: a character cut in the middle is held back until it is
// whole. What can never become well-formed is replaced by U+FFFD. One stream each; one thread.
#pragma once

#include <string>
#include <string_view>

namespace cairn::serve {

class Utf8Stream {
 public:
  // What of all given so far is final and has not been returned before; may be empty.
  std::string push(std::string_view piece);
  // What was held back, as U+FFFD: no more will come.
  std::string finish();

 private:
  std::string held_;  // at most three bytes between calls
};

inline std::string to_utf8(std::string_view bytes) {
  Utf8Stream stream;
  std::string out = stream.push(bytes);
  return out += stream.finish();
}

}  // namespace cairn::serve
