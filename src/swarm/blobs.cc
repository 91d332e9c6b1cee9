#include "swarm/blobs.h"

#include "base/files.h"

namespace cairn::swarm {

Result<Digest> Blobs::keep(ByteView bytes) const {
  const Digest digest = sha256(bytes);
  if (!has(digest)) CAIRN_TRY(write_file(path_of(digest), bytes));
  return digest;
}

Result<Bytes> Blobs::get(const Digest& digest, std::size_t at_most) const {
  CAIRN_ASSIGN(Bytes bytes, read_file(path_of(digest), at_most));
  const Digest actual = sha256(bytes);
  if (actual != digest)
    return fail(ErrorCode::malformed, "{}: its bytes have the digest {}: the file was changed",
                path_of(digest).string(), actual.hex());
  return bytes;
}

bool Blobs::has(const Digest& digest) const {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path_of(digest), ignored);
}

}  // namespace cairn::swarm
