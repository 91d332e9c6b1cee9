#include <algorithm>
#include <map>

#include "data/duplicates.h"
#include "data/parallel.h"
#include "data/passes.h"

namespace cairn::data {
namespace {

std::string squeezed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n') {
      blank = !out.empty();
      continue;
    }
    if (blank) out.push_back(' ');
    blank = false;
    out.push_back(c);
  }
  return out;
}

}  // namespace

void survivor_first(const std::vector<Record>& records, std::vector<std::size_t>& group) {
  std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
    if (records[a].text.size() != records[b].text.size()) return records[a].text.size() > records[b].text.size();
    return records[a].id < records[b].id;
  });
}

Groups exact_duplicates(const std::vector<Record>& records, unsigned threads) {
  std::vector<Digest> digests(records.size());
  in_chunks(records.size(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) digests[i] = sha256(squeezed(records[i].text));
  });
  std::map<Digest, std::vector<std::size_t>> by_digest;
  for (std::size_t i = 0; i < records.size(); ++i) by_digest[digests[i]].push_back(i);
  Groups groups;
  for (auto& [digest, group] : by_digest) {
    if (group.size() < 2) continue;
    survivor_first(records, group);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace cairn::data
