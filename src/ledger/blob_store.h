// The blobs of a site: files named by the digest of what is stored in them, under blobs/. Whatever is under a narrow
// permit is sealed. The way to an asset's bytes leads through here, so it asks for the guard's key; only src/ledger and
// src/guard include this. Any thread, any number of processes.
#pragma once

#include <filesystem>
#include <optional>

#include "base/env.h"
#include "base/files.h"
#include "base/result.h"
#include "ledger/door_key.h"
#include "ledger/manifest.h"

namespace cairn::ledger {

// blobs/ab/abcdef...
std::filesystem::path blob_path(const std::filesystem::path& site, const BlobId& id);

// Reads a blob as stored and compares it with its digest: not_found or malformed, with the file and what was expected.
Result<MappedFile> map_checked(const std::filesystem::path& site, const BlobId& id);

// Opens a sealed blob's stored bytes and compares them with the commitment: malformed; not_found where the key is gone.
Result<Bytes> unseal_checked(const std::filesystem::path& site, const BlobRef& blob, ByteView stored);

class BlobStore {
 public:
  // Removes what writers that died have left unfinished.
  BlobStore(DoorKey, std::filesystem::path site, const Env& env);

  // Where the bytes come from: memory, or a file where `file` is not empty.
  struct Source {
    ByteParts bytes;
    std::filesystem::path file;
  };
  // Stores and syncs; sealed under the key of `permit_class`, if there is one. The reference has no role yet.
  // not_found: no such file; no_space: nothing is left behind.
  Result<BlobRef> put(const Source& source, const std::optional<Digest>& permit_class);

  // As stored; the digest agrees.
  Result<MappedFile> map(const BlobRef& blob) const { return map_checked(site_, blob.id); }
  // Plaintext of a sealed blob.
  Result<Bytes> unseal(const BlobRef& blob) const;

 private:
  std::filesystem::path site_;
  const Env* env_;
};

}  // namespace cairn::ledger
