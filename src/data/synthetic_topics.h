// What the messages of the synthetic mailbox are about: templates with {slots}, each topic with ways to ask and ways to
// answer. Part of synthetic_mailbox; the slots are filled there. Constants; any thread.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace cairn::data {

struct Topic {
  std::string_view subject;
  std::array<std::string_view, 3> asks;
  std::array<std::string_view, 3> answers;
  std::string_view thanks;  // the third message, if there is one
};
std::span<const Topic> synthetic_topics();

}  // namespace cairn::data
