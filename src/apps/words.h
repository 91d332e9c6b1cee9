// Numbers and lines as people read them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::apps {

std::vector<std::string> lines_of(std::string_view text);           // without the empty ones
std::string megabytes(std::uint64_t bytes);                         // "12.3 MB"; below a tenth "34.5 kB"
std::string grouped(std::uint64_t number);                          // "4,096"
std::string counted(std::uint64_t number, std::string_view thing);  // "1 message", "4,096 messages"

// A word of a shell's command line: in quotes where it needs them.
std::string quoted(const std::string& word);

}  // namespace cairn::apps
