// Text as it grows token by token: finds stop strings, and hands on only what is final.
// A value of one generation; the stop strings and the sink must outlive it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace cairn::infer {

class TextStream {
 public:
  TextStream(std::span<const std::string> stops, const std::function<bool(std::string_view)>& sink)
      : stops_(stops), sink_(sink) {}

  // Does nothing once stopped() or refused().
  void append(std::string_view bytes);
  bool stopped() const { return stopped_; }  // a stop string appeared; the text ends before the first
  bool refused() const { return refused_; }  // the sink returned false
  // Hands on what was held back and returns the whole text.
  std::string finish();

 private:
  void hand_on(std::size_t upto);
  std::size_t final_size() const;

  std::span<const std::string> stops_;
  const std::function<bool(std::string_view)>& sink_;
  std::string text_;
  std::size_t handed_on_ = 0;
  bool stopped_ = false, refused_ = false;
};

}  // namespace cairn::infer
