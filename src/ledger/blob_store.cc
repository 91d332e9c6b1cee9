#include "ledger/blob_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "ledger/codec.h"
#include "ledger/log.h"
#include "ledger/sealed.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

fs::path incoming(const fs::path& site) {
  return site / "blobs" / "incoming";
}

tl::unexpected<Error> system_error(std::string_view act, const fs::path& path, int error) {
  const std::string message = fmt::format("{} {}: {}", act, path.string(), std::generic_category().message(error));
  if (error == ENOENT) return fail(ErrorCode::not_found, "{}", message);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    return fail_with_hint(ErrorCode::no_space, message,
                          "free some space and run the same command again; nothing was lost");
  return fail(ErrorCode::failed, "{}", message);
}

// A file being written: locked while its writer lives, so that others can tell it from one that a crash has left;
// removed unless kept.
class IncomingFile {
 public:
  static Result<IncomingFile> make(const fs::path& site) {
    for (;;) {
      std::string path = (incoming(site) / "blob-XXXXXX").string();
      const int fd = ::mkostemp(path.data(), O_CLOEXEC);
      if (fd < 0) return system_error("creating", path, errno);
      struct stat info {};
      // Between creation and lock a cleaner may have taken it for abandoned.
      if (::flock(fd, LOCK_EX) == 0 && ::fstat(fd, &info) == 0 && info.st_nlink > 0) return IncomingFile(fd, path);
      ::close(fd);
    }
  }
  IncomingFile(IncomingFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile() {
    if (fd_ < 0) return;
    if (!kept_) ::unlink(path_.c_str());
    ::close(fd_);
  }

  Status write(ByteView bytes) {
    hash_.update(bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t n = ::write(fd_, bytes.data() + at, bytes.size() - at);
      if (n < 0 && errno != EINTR) return system_error("writing", path_, errno);
      if (n > 0) at += static_cast<std::size_t>(n);
    }
    return {};
  }

  // Syncs the file and gives it its name, on the disk.
  Result<BlobId> keep(const fs::path& site) {
    const BlobId id{hash_.finish()};
    const fs::path path = blob_path(site, id);
    CAIRN_TRY(make_folder(path.parent_path()));
    if (::fsync(fd_) != 0) return system_error("syncing", path_, errno);
    if (::rename(path_.c_str(), path.c_str()) != 0) return system_error("renaming to", path, errno);
    kept_ = true;
    for (const fs::path& folder : {path.parent_path(), site / "blobs"}) {
      const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      const bool synced = fd >= 0 && ::fsync(fd) == 0;
      const int error = errno;
      if (fd >= 0) ::close(fd);
      if (!synced) return system_error("syncing", folder, error);
    }
    return id;
  }

 private:
  IncomingFile(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  fs::path path_;
  bool kept_ = false;
  Sha256 hash_;
};

// Plaintext in chunks of kSealedChunk bytes; the last is what remains, maybe nothing.
class ChunkReader {
 public:
  static Result<ChunkReader> open(const BlobStore::Source& source) {
    if (source.file.empty()) return ChunkReader(source.bytes, -1, {});
    const int fd = ::open(source.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error("opening", source.file, errno);
    return ChunkReader({}, fd, source.file);
  }
  ChunkReader(ChunkReader&& other) noexcept
      : parts_(std::move(other.parts_)),
        fd_(std::exchange(other.fd_, -1)),
        path_(std::move(other.path_)),
        buffer_(std::move(other.buffer_)) {}
  ChunkReader& operator=(ChunkReader&&) = delete;
  ~ChunkReader() {
    if (fd_ >= 0) ::close(fd_);
  }

  // Shorter than kSealedChunk: the end. The view holds until the next call.
  Result<ByteView> next() {
    std::size_t size = 0;
    while (size < kSealedChunk) {
      const std::span<std::uint8_t> rest = std::span(buffer_).subspan(size);
      CAIRN_ASSIGN(const std::size_t n, fd_ < 0 ? copy(rest) : read(rest));
      if (n == 0) break;
      size += n;
    }
    return ByteView(buffer_).first(size);
  }

 private:
  ChunkReader(ByteParts parts, int fd, fs::path path)
      : parts_(std::move(parts)), fd_(fd), path_(std::move(path)), buffer_(kSealedChunk) {}

  // Both: how many bytes were put at the front of `into`; 0 only at the end.
  Result<std::size_t> copy(std::span<std::uint8_t> into) {
    while (part_ < parts_.size() && parts_[part_].empty()) ++part_;
    if (part_ == parts_.size()) return 0;
    ByteView& part = parts_[part_];
    const std::size_t n = std::min(part.size(), into.size());
    std::copy_n(part.begin(), n, into.begin());
    part = part.subspan(n);
    return n;
  }
  Result<std::size_t> read(std::span<std::uint8_t> into) {
    for (;;) {
      const ssize_t n = ::read(fd_, into.data(), into.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return system_error("reading", path_, errno);
    }
  }

  ByteParts parts_;
  std::size_t part_ = 0;
  int fd_;
  fs::path path_;
  Bytes buffer_;
};

void remove_abandoned(const fs::path& site) {
  std::error_code error;
  for (const auto& file : fs::directory_iterator(incoming(site), error)) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ::unlink(file.path().c_str());
    ::close(fd);
  }
}

}  // namespace

fs::path blob_path(const fs::path& site, const BlobId& id) {
  const std::string hex = id.hex();
  return site / "blobs" / hex.substr(0, 2) / hex;
}

Result<MappedFile> map_checked(const fs::path& site, const BlobId& id) {
  const fs::path path = blob_path(site, id);
  auto file = MappedFile::open(path);
  if (!file) return file;
  if (const Digest got = sha256(file->bytes()); got != id.digest)
    return fail_with_hint(ErrorCode::malformed,
                          fmt::format("{} does not have its digest: got {}", path.string(), got.hex()),
                          "the file was changed after it was stored: restore it from a copy, or make the asset again");
  return file;
}

Result<Bytes> unseal_checked(const fs::path& site, const BlobRef& blob, ByteView stored) {
  const std::string where = blob_path(site, blob.id).string();
  auto permit_class = sealed_class(stored);
  if (!permit_class) return fail(std::move(permit_class).error().within(where));
  auto key = load_class_key(site, *permit_class);
  if (!key) return fail(std::move(key).error().within(fmt::format("the key of {}", where)));
  auto plain = ledger::unseal(stored, *key);
  if (!plain) return fail(std::move(plain).error().within(where));
  if (plain->size() != blob.size || sealed_commitment(blob.salt, sha256(*plain)) != blob.commitment)
    return fail(ErrorCode::malformed, "{}: its plaintext is not what the manifest commits to", where);
  return plain;
}

BlobStore::BlobStore(DoorKey, fs::path site, const Env& env) : site_(std::move(site)), env_(&env) {
  remove_abandoned(site_);
}

Result<BlobRef> BlobStore::put(const Source& source, const std::optional<Digest>& permit_class) {
  CAIRN_ASSIGN(ChunkReader chunks, ChunkReader::open(source));
  CAIRN_TRY(make_folder(incoming(site_)));
  CAIRN_ASSIGN(IncomingFile file, IncomingFile::make(site_));
  std::optional<Sealer> sealer;
  if (permit_class) {
    CAIRN_ASSIGN(const ClassKey key, class_key(site_, *permit_class, env_->entropy));
    sealer.emplace(key, *permit_class);
    CAIRN_TRY(file.write(sealer->preamble()));
  }
  BlobRef out;
  Sha256 plain;
  for (bool last = false; !last;) {
    CAIRN_ASSIGN(const ByteView chunk, chunks.next());
    last = chunk.size() < kSealedChunk;
    out.size += chunk.size();
    if (sealer) {
      plain.update(chunk);
      CAIRN_TRY(file.write(sealer->seal(chunk, last ? Sealer::Chunk::last : Sealer::Chunk::inner)));
    } else {
      CAIRN_TRY(file.write(chunk));
    }
  }
  if (sealer) {
    out.sealed = true;
    out.salt = random_array<16>(env_->entropy);
    out.commitment = sealed_commitment(out.salt, plain.finish());
  }
  CAIRN_ASSIGN(out.id, file.keep(site_));
  return out;
}

Result<Bytes> BlobStore::unseal(const BlobRef& blob) const {
  CAIRN_ASSIGN(const MappedFile stored, map_checked(site_, blob.id));
  return unseal_checked(site_, blob, stored.bytes());
}

}  // namespace cairn::ledger
