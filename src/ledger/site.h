// A site: the directory that holds a ledger, its blobs and its keys. docs/formats/site.md has its layout.
//   site.json   format version, name, public key        cairn.db   the ledger (SQLite, write-ahead log)
//   blobs/      content-addressed files                 keys/      secret keys, readable by their owner alone
// Not the ledger itself: see ledger.h. Values.
#pragma once

#include <filesystem>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "ledger/manifest.h"

namespace cairn::ledger {

struct Site {
  std::filesystem::path root;
  std::string name;
  PublicKey key{};  // Ed25519; signs manifests and tree heads
  TimePoint created{};
};

// Makes the folder, its keys and an empty ledger. invalid: there is a site already, or the folder is not empty;
// no_space; failed. What is interrupted leaves no site.json, and the next call starts again.
Result<Site> make_site(const std::filesystem::path& root, std::string name, const Env& env);

// The payload of a log's first entry: canonical JSON of name, key and time.
std::string site_payload(const Site& site);

// not_found with a hint at `cairn init`; malformed; unsupported: written by a newer Cairn.
Result<Site> open_site(const std::filesystem::path& root);

}  // namespace cairn::ledger
