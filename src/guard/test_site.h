// For the tests of src/guard: a site in a temporary folder, a clock that is set by hand, and short ways to make assets.
#pragma once

#include <gtest/gtest.h>

#include "base/files.h"
#include "guard/guard.h"
#include "ledger/site.h"
#include "permit/licence.h"

namespace cairn::guard {

struct SetClock final : Clock {
  TimePoint time = TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + std::chrono::hours(12);
  TimePoint now() const override { return time; }
};

inline const Env& test_env() {
  static const Env env{system_clock(), system_entropy()};
  return env;
}

struct TestSite {
  TemporaryFolder folder = TemporaryFolder::make("cairn-guard").value();
  std::filesystem::path root = folder.path() / "site";

  TestSite() { EXPECT_TRUE(ledger::make_site(root, "test", test_env()).has_value()); }
  Guard open() const { return Guard::open(root, {"test"}, test_env()).value(); }
};

inline permit::Permit licence(std::string_view name) {
  return permit::permit_of_licence(name, {.where = "debian/copyright", .field = "License", .by = "the packagers"})
      .value();
}

inline permit::Permit mail_permit(std::string_view title = "Mailbox of Ada") {
  const std::string toml = fmt::format(
      "title = \"{}\"\nby = \"Ada\"\n"
      "[[allow]]\naction = [\"collect\", \"curate\", \"train\", \"adapt\", \"evaluate\", \"deploy\", \"use\"]\ntask = "
      "\"text.draft-reply\"\n"
      "purpose = \"non-commercial\"\naudience = \"members\"\nplace = \"own-machine\"\nrevocable = true\nwhy = \"help "
      "me answer\"\n"
      "[[deny]]\ntask = \"text.translation.machine\"\nwhy = \"my letters shall not power a translation system\"\n"
      "[[deny]]\naction = \"share\"\nwhy = \"nothing leaves the machine\"\n",
      title);
  return permit::permit_from_toml(toml, "mailbox.permit.toml").value();
}

inline Result<AssetId> declare(Guard& guard, std::string name, permit::Permit permit, std::string_view bytes) {
  Output output{.kind = "record-set",
                .name = std::move(name),
                .step = "ingest",
                .blobs = {{.role = "records", .bytes = {as_bytes(bytes)}}}};
  output.declared = Declared{std::move(permit), "test", "tester"};
  return guard.commit({}, output);
}

inline Result<AssetId> undeclared(Guard& guard, std::string name) {
  return guard.commit({}, {.kind = "record-set",
                           .name = std::move(name),
                           .step = "ingest",
                           .blobs = {{.role = "records", .bytes = {as_bytes("?")}}}});
}

inline Result<AssetId> derive(Guard& guard, std::string kind, std::string name,
                              const std::vector<std::pair<permit::Use, AssetId>>& inputs) {
  std::vector<Pass> passes;
  for (const auto& [use, asset] : inputs) {
    CAIRN_ASSIGN(Pass pass, guard.authorise(use, asset));
    passes.push_back(std::move(pass));
  }
  return guard.commit(passes, {.kind = std::move(kind),
                               .name = std::move(name),
                               .step = "train",
                               .blobs = {{.role = "records", .bytes = {as_bytes("weights")}}}});
}

}  // namespace cairn::guard
