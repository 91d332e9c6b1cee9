// A record: the unit of data, one document or one message, with where it came from and which permit it stands under.
// Not the permit itself: `permit` names one, and what the name means is the caller's. A value; no thread rules.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"

namespace cairn::data {

using RecordId = Id<struct RecordTag>;

struct Record {
  RecordId id{};           // of the record as it was read in: identify(); curation changes the text and keeps the id
  std::string text{};      // UTF-8
  std::string origin{};    // where it was read: a path, or "INBOX.mbox#17"
  std::string source{};    // who brought it: a Debian package, a mailbox
  std::string kind{};      // "document", "manual", "message"
  std::string language{};  // BCP 47, as "en"; empty: not determined
  std::string permit{};    // the permit class or permit id, as the caller names them; empty: none declared
  bool operator==(const Record&) const = default;
};

// The digest of source, origin and text, each with its length before it; set as `id` by the readers.
RecordId identify(const Record& record);

// Sorts by source, origin, then id: the order in which Cairn writes records, whatever order they were found in.
void sort_records(std::vector<Record>& records);

}  // namespace cairn::data
