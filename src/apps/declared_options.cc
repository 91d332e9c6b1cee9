#include "apps/declared_options.h"

#include "base/files.h"
#include "permit/licence.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMostPermitBytes = std::size_t{1} << 20;

Result<guard::Declared> from_file(const std::filesystem::path& path, const std::string& by, const std::string& maker) {
  CAIRN_ASSIGN(const std::string text, read_text(path, kMostPermitBytes));
  guard::Declared out{.where = path.generic_string(), .by = by};
  CAIRN_ASSIGN(out.permit, permit::permit_from_toml(text, out.where));
  for (const permit::Ground& ground : out.permit.grounds())
    for (const permit::Source& source : ground.sources)
      if (out.by.empty()) out.by = source.by;
  if (out.by.empty()) out.by = maker;
  return out;
}

Result<guard::Declared> from_licence(const DeclaredOptions& options, const std::string& maker) {
  if (options.where.empty())
    return fail_with_hint(ErrorCode::invalid, fmt::format("where is {} declared?", options.licence),
                          "name the file or the URL that says so: --declared-in LICENSE");
  const bool url = options.where.find("://") != std::string::npos;
  if (!url && !std::filesystem::exists(options.where))
    return fail_with_hint(
        ErrorCode::not_found,
        fmt::format("{} is said to be declared in {}, which is not there", options.licence, options.where),
        "name the file or the URL that says so");
  guard::Declared out{.where = options.where, .by = options.by.empty() ? maker : options.by};
  CAIRN_ASSIGN(permit::LicencePermit read,
               permit::read_licence_expression(options.licence, {.where = out.where, .field = {}, .by = out.by}));
  if (!read.unknown_names.empty())
    return fail_with_hint(
        ErrorCode::not_found, fmt::format("the catalogue has no licence \"{}\"", read.unknown_names.front()),
        "write it as SPDX does (GPL-3.0-or-later, CC-BY-4.0, MIT), or say in a permit file what is allowed: --permit");
  out.permit = std::move(read.permit);
  return out;
}

}  // namespace

Result<guard::Declared> DeclaredOptions::read(const std::string& maker) const {
  if (permit.empty() == licence.empty())
    return fail_with_hint(ErrorCode::invalid,
                          permit.empty() ? "what may this data be used for? Nothing was declared"
                                         : "a permit file and a licence: expected one of the two",
                          "give --permit FILE (docs/guide/permits.md), or --licence NAME and --declared-in PLACE");
  return permit.empty() ? from_licence(*this, maker) : from_file(permit, by, maker);
}

void add_declared_options(CLI::App& command, const std::shared_ptr<DeclaredOptions>& options) {
  command.add_option("--permit", options->permit, "The file that says what the data may be used for (TOML)");
  command.add_option("--licence", options->licence, "Instead of a permit file: a licence, as SPDX writes it");
  command.add_option("--declared-in", options->where, "With --licence: the file or the URL that declares it");
  command.add_option("--by", options->by, "Who declares it; without it, whom the permit names, else the site");
}

}  // namespace cairn::apps
