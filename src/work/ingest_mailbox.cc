#include "data/mailbox.h"
#include "data/record_file.h"
#include "work/commit.h"
#include "work/ingest.h"

namespace cairn::work {

Result<RecordSet> ingest_mailbox(guard::Guard& guard, std::string_view mbox, const std::string& name,
                                 const permit::Permit& permit, const std::string& where, const std::string& owner) {
  CAIRN_ASSIGN(const std::vector<data::Message> messages, data::read_mbox(as_bytes(mbox)));
  if (messages.empty())
    return fail_with_hint(ErrorCode::invalid, "the mailbox holds no message",
                          "an mbox begins with a line \"From ...\"");
  std::vector<data::Record> records;
  RecordSet out{.name = name, .source = name, .licences = "its owner's permit", .permit = permit};
  for (const data::Message& message : messages) {
    data::Record record = data::to_record(message, name);
    record.permit = permit.terms().brief();
    out.bytes += record.text.size();
    records.push_back(std::move(record));
  }
  out.records = records.size();
  CAIRN_ASSIGN(Bytes file, data::write_records(records));
  // The mailbox itself is kept beside its records: adapting needs the threads that its headers tell.
  CAIRN_ASSIGN(out.id, commit_root(guard,
                                   {.kind = "record-set",
                                    .name = name,
                                    .step = "ingest",
                                    .settings = Json{{"source", "mbox"}},
                                    .properties = properties_of(out),
                                    .role = "records",
                                    .bytes = std::move(file),
                                    .more = {{"mbox", to_bytes(mbox)}}},
                                   permit, where, owner));
  return out;
}

}  // namespace cairn::work
