// What a volunteer keeps on its disk: its key, the claim that is not yet taken with its contribution, its receipts.
// One process at a time; one thread at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/env.h"
#include "base/signature.h"
#include "swarm/claim.h"

namespace cairn::swarm {

class VolunteerFolder {
 public:
  // Makes the folder and a key where there are none. failed, no_space; malformed: a damaged key.
  static Result<VolunteerFolder> open(const std::filesystem::path& path, Entropy& entropy);

  const SecretKey& key() const { return key_; }

  struct Kept {
    Claim claim;
    Bytes contribution;
  };
  // The claim from before a restart, where it is whole and of this run; what is not is dropped.
  Result<std::optional<Kept>> kept(const RunId& run, const Plan& plan) const;
  Status keep(const Claim& claim, ByteView contribution) const;
  void drop() const;
  Status keep_receipt(std::string_view receipt) const;  // appended to receipts.jsonl

 private:
  VolunteerFolder(std::filesystem::path path, SecretKey key) : path_(std::move(path)), key_(std::move(key)) {}
  std::filesystem::path path_;
  SecretKey key_;
};

// The key in `folder`/key, made on first use and readable by its owner alone.
Result<SecretKey> key_in_folder(const std::filesystem::path& folder, Entropy& entropy);

}  // namespace cairn::swarm
