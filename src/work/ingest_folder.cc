#include "data/record_file.h"
#include "data/text_folder.h"
#include "work/commit.h"
#include "work/ingest.h"

namespace cairn::work {

Result<IngestedFolder> ingest_folder(guard::Guard& guard, const std::filesystem::path& folder, const std::string& name,
                                     const permit::Permit& permit, const std::string& where, const std::string& by) {
  CAIRN_ASSIGN(data::TextFolder read, data::read_text_folder(folder, name));
  if (read.records.empty())
    return fail_with_hint(ErrorCode::invalid, fmt::format("{} has no text to add", folder.string()),
                          "files that end in .txt, .text, .md, .markdown or .rst are read");
  IngestedFolder out{.set = {.name = name, .source = name, .permit = permit}, .skipped = std::move(read.skipped)};
  out.set.licences =
      permit.grounds().empty() ? "undeclared" : permit.grounds().front().alternatives.front().front().name;
  for (data::Record& record : read.records) {
    record.permit = permit.terms().brief();
    out.set.bytes += record.text.size();
  }
  out.set.records = read.records.size();
  CAIRN_ASSIGN(Bytes file, data::write_records(read.records));
  CAIRN_ASSIGN(out.set.id, commit_root(guard,
                                       {.kind = "record-set",
                                        .name = name,
                                        .step = "ingest",
                                        .settings = Json{{"source", "folder"}},
                                        .properties = properties_of(out.set),
                                        .role = "records",
                                        .bytes = std::move(file)},
                                       permit, where, by));
  return out;
}

}  // namespace cairn::work
