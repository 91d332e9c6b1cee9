#include <algorithm>
#include <set>

#include "data/record_file.h"
#include "permit/licence.h"
#include "work/commit.h"
#include "work/ingest.h"

namespace cairn::work {
namespace {

// The packages whose permits have equal terms, and their records.
struct PermitClass {
  std::vector<permit::Permit> permits;
  std::map<std::string, std::uint64_t> bytes_by_licence;
  std::vector<data::Record> records;
  std::uint64_t bytes = 0;
};

Result<permit::Permit> permit_of_package(const std::string& package, const data::PackageLicence& licence,
                                         IngestedDocs& report) {
  ++report.packages;
  const permit::Source whole{.where = fmt::format("Debian package {}", package), .field = {}, .by = {}};
  if (!licence.known()) {
    ++report.undeclared_packages;
    ++report.undeclared_because[licence.unknown_because];
    return permit::Permit::undeclared(whole);
  }
  std::vector<permit::Permit> permits;
  bool undeclared = false;
  for (const data::DeclaredLicence& declared : licence.licences) {
    const data::Place& place = declared.places.front();
    auto read = permit::read_licence_expression(
        declared.expression,
        {.where = fmt::format("{}:{}", place.file, place.line), .field = place.field, .by = package});
    if (!read) {  // an expression that does not parse declares nothing that could be relied on
      undeclared = true;
      permits.push_back(
          permit::Permit::undeclared({.where = place.to_text(), .field = declared.expression, .by = package}));
      continue;
    }
    undeclared |= !read->unknown_names.empty();
    report.unknown_licences.insert(report.unknown_licences.end(), read->unknown_names.begin(),
                                   read->unknown_names.end());
    permits.push_back(std::move(read->permit));
  }
  if (undeclared) {
    ++report.undeclared_packages;
    ++report.undeclared_because["a licence that the catalogue does not know"];
  }
  return permit::meet(permits);
}

std::string label_of(const PermitClass& c) {
  std::vector<std::pair<std::string, std::uint64_t>> by_bytes(c.bytes_by_licence.begin(), c.bytes_by_licence.end());
  std::stable_sort(by_bytes.begin(), by_bytes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string label = by_bytes.front().first;
  constexpr std::size_t kLongest = 90;
  if (label.size() > kLongest) label = label.substr(0, kLongest - 3) + "...";
  if (by_bytes.size() > 1) label += fmt::format(" (and {} like it)", by_bytes.size() - 1);
  return label;
}

}  // namespace

Result<IngestedDocs> ingest_debian_docs(guard::Guard& guard, const data::DebianDocsSettings& settings, const Env& env) {
  CAIRN_ASSIGN(data::DebianDocs docs, data::read_debian_docs(settings, env));
  IngestedDocs out;
  out.skipped = std::move(docs.skipped);
  std::map<std::string, Digest> class_of_package;
  std::map<Digest, PermitClass> classes;
  for (const auto& [package, info] : docs.packages) {
    CAIRN_ASSIGN(const permit::Permit permit, permit_of_package(package, info.licence, out));
    const Digest terms = permit.terms();
    class_of_package[package] = terms;
    classes[terms].permits.push_back(permit);
    classes[terms].bytes_by_licence[info.licence.permit_class()] += info.bytes;
  }
  for (data::Record& record : docs.records) {
    PermitClass& c = classes[class_of_package[record.source]];
    c.bytes += record.text.size();
    c.records.push_back(std::move(record));
  }
  std::set<std::string> names;
  for (auto& [terms, c] : classes) {
    if (c.records.empty()) continue;
    RecordSet set{.name = {},
                  .source = "Debian documentation",
                  .licences = label_of(c),
                  .permit = {},
                  .records = c.records.size(),
                  .bytes = c.bytes};
    set.name = "debian-docs: " + set.licences;
    if (set.name.size() > 180) set.name.resize(180);
    // Two long labels may be cut to one; a name stands for one class.
    if (!names.insert(set.name).second) set.name += " " + terms.brief();
    CAIRN_ASSIGN(set.permit, permit::meet(c.permits));
    for (data::Record& record : c.records) record.permit = terms.brief();
    CAIRN_ASSIGN(Bytes file, data::write_records(c.records));
    CAIRN_ASSIGN(set.id, commit_root(guard,
                                     {.kind = "record-set",
                                      .name = set.name,
                                      .step = "ingest",
                                      .settings = Json{{"source", "debian-docs"}},
                                      .properties = properties_of(set),
                                      .role = "records",
                                      .bytes = std::move(file)},
                                     set.permit, "Debian copyright files", "Debian"));
    out.sets.push_back(std::move(set));
    if (env.progress)
      env.progress({.stage = "ingest",
                    .done = double(out.sets.size()),
                    .total = double(classes.size()),
                    .unit = "permit classes",
                    .note = {}});
  }
  std::stable_sort(out.sets.begin(), out.sets.end(),
                   [](const RecordSet& a, const RecordSet& b) { return a.bytes > b.bytes; });
  std::sort(out.unknown_licences.begin(), out.unknown_licences.end());
  out.unknown_licences.erase(std::unique(out.unknown_licences.begin(), out.unknown_licences.end()),
                             out.unknown_licences.end());
  return out;
}

}  // namespace cairn::work
