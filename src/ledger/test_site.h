// For the tests of src/ledger: a site in a temporary folder and a hand to change it with. In a program the guard alone
// has that hand; here, where no guard is linked, this class stands in its place.
#pragma once

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "ledger/blob_store.h"
#include "ledger/ledger.h"

namespace cairn::guard {
class Guard {
 public:
  static ledger::DoorKey key() { return {}; }
};
}  // namespace cairn::guard

namespace cairn::ledger {

inline const Env& test_env() {
  static const Env env{system_clock(), system_entropy()};
  return env;
}

inline DoorKey door() {
  return guard::Guard::key();
}

inline Ledger::NewPermit permit_named(std::string_view name) {
  const std::string text = canonical(Json{{"permit", name}});
  return {{sha256(text)}, text};
}

struct TestSite {
  TemporaryFolder folder = TemporaryFolder::make("cairn-ledger").value();
  std::filesystem::path root = folder.path() / "site";

  TestSite() { EXPECT_TRUE(make_site(root, "test", test_env()).has_value()); }
  Ledger open() const { return Ledger::open(root, test_env()).value(); }
};

// A small asset: a root declares permit "p<name>"; what has inputs inherits "all".
inline Result<AssetId> add(Ledger& ledger, const std::string& name, std::vector<AssetId> inputs = {},
                           std::vector<BlobRef> blobs = {}) {
  std::sort(inputs.begin(), inputs.end());
  Manifest manifest{
      .kind = "record-set", .name = name, .step = "ingest", .inputs = std::move(inputs), .blobs = std::move(blobs)};
  const auto permit = permit_named(manifest.inputs.empty() ? "p" + name : "all");
  manifest.permit = permit.id;
  if (manifest.inputs.empty()) manifest.declared = DeclaredPermit{permit.id, "test", "tester"};
  manifest.actor = "test";
  CAIRN_ASSIGN(const Epoch epoch, ledger.epoch());
  return ledger.commit(door(), std::move(manifest), {permit}, epoch);
}

// "blob-role" with these bytes, sealed or not.
inline BlobRef put(const TestSite& site, std::string_view text, const std::optional<Digest>& permit_class = {}) {
  BlobStore store(door(), site.root, test_env());
  BlobRef blob = store.put({{as_bytes(text)}, {}}, permit_class).value();
  blob.role = "records";
  return blob;
}

}  // namespace cairn::ledger
