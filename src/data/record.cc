#include "data/record.h"

#include <algorithm>
#include <tuple>

namespace cairn::data {

RecordId identify(const Record& record) {
  Sha256 hash;
  for (const std::string* part : {&record.source, &record.origin, &record.text}) {
    Bytes length;
    append(length, std::uint64_t{part->size()});
    hash.update(length);
    hash.update(*part);
  }
  return RecordId{hash.finish()};
}

void sort_records(std::vector<Record>& records) {
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(a.source, a.origin, a.id) < std::tie(b.source, b.origin, b.id);
  });
}

}  // namespace cairn::data
