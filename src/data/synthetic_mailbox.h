// A mailbox for demonstrations and tests: a few hundred plausible messages with replies, made from templates with a
// seed. All of it is invented, and every message says so in an X-Synthetic header; addresses end in .example (RFC
// 2606). Not data about anyone, and not a model of how people write. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::data {

struct SyntheticMailboxSettings {
  std::uint64_t seed = 7;
  std::size_t messages = 400;  // about half of them are the owner's replies
};

// The mbox text. The same settings give the same bytes, on every machine.
std::string make_synthetic_mailbox(const SyntheticMailboxSettings& settings);

// The owner's address in every such mailbox: whose replies the messages with this From: are.
std::string_view synthetic_owner();

}  // namespace cairn::data
