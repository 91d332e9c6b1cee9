#include "infer/text_stream.h"

#include <algorithm>
#include <cstdint>

namespace cairn::infer {
namespace {

// The length of the text without a character of UTF-8 whose last bytes have not come.
std::size_t whole_characters(std::string_view text) {
  const std::size_t tail = std::min<std::size_t>(text.size(), 3);
  for (std::size_t back = 1; back <= tail; ++back) {
    const auto byte = static_cast<std::uint8_t>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;  // goes on
    const std::size_t needs = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return needs > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace

// Without the longest end that is a proper beginning of a stop string, nor a piece of a character.
std::size_t TextStream::final_size() const {
  std::size_t held = 0;
  for (const std::string& stop : stops_) {
    for (std::size_t n = std::min(stop.size() - 1, text_.size() - handed_on_); n > held; --n) {
      if (text_.ends_with(std::string_view(stop).substr(0, n))) held = n;
    }
  }
  return std::max(handed_on_, whole_characters(std::string_view(text_).substr(0, text_.size() - held)));
}

void TextStream::hand_on(std::size_t upto) {
  if (upto <= handed_on_) return;
  if (sink_ && !sink_(std::string_view(text_).substr(handed_on_, upto - handed_on_))) refused_ = true;
  handed_on_ = upto;
}

void TextStream::append(std::string_view bytes) {
  if (stopped_ || refused_) return;
  text_ += bytes;
  std::size_t first = std::string::npos;
  // What was handed on cannot begin a stop string: it would have been held back.
  for (const std::string& stop : stops_) first = std::min(first, text_.find(stop, handed_on_));
  if (first != std::string::npos) {
    text_.resize(first);
    stopped_ = true;
    return;
  }
  hand_on(final_size());
}

std::string TextStream::finish() {
  if (!refused_) hand_on(text_.size());
  return std::move(text_);
}

}  // namespace cairn::infer
