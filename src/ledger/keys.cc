#include "ledger/keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/codec.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  CAIRN_CHECK(started);
}

fs::path site_key_path(const fs::path& site) {
  return site / "keys" / "site.key";
}
fs::path class_key_path(const fs::path& site, const Digest& permit_class) {
  return site / "keys" / (permit_class.hex() + ".key");
}

Result<Secret<32>> load_secret(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0)
    return fail_with_hint(ErrorCode::failed,
                          fmt::format("the secret key {} can be read by others (mode {:o}, expected 600)",
                                      path.string(), info.st_mode & 0777),
                          fmt::format("chmod 600 {}", path.string()));
  CAIRN_ASSIGN(std::string text, read_text(path, 4096));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  auto bytes = array_from_hex<32>(text);
  sodium_memzero(text.data(), text.size());
  if (!bytes) return fail(std::move(bytes).error().within(fmt::format("the key {}", path.string())));
  Secret<32> out;
  out.bytes() = *bytes;
  sodium_memzero(bytes->data(), bytes->size());
  return out;
}

// write_file() makes its files readable by their owner alone.
Status save_secret(const fs::path& path, const Secret<32>& secret) {
  std::string text = to_hex(secret.bytes()) + "\n";
  auto saved = write_file(path, text);
  sodium_memzero(text.data(), text.size());
  return saved;
}

// Held while a key is made, so that two processes agree on one.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool held() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace

SigningKey SigningKey::from_seed(const Secret<32>& seed) {
  start_sodium();
  SigningKey key;
  CAIRN_CHECK(crypto_sign_seed_keypair(key.public_.data(), key.secret_.bytes().data(), seed.bytes().data()) == 0);
  return key;
}

Result<SigningKey> SigningKey::make(const fs::path& site, Entropy& entropy) {
  CAIRN_TRY(make_folder(site / "keys"));
  if (::chmod((site / "keys").c_str(), 0700) != 0)
    return fail(ErrorCode::failed, "{}: cannot be closed to others", (site / "keys").string());
  Secret<32> seed;
  entropy.fill(seed.bytes());
  CAIRN_TRY(save_secret(site_key_path(site), seed));
  return from_seed(seed);
}

Result<SigningKey> SigningKey::load(const fs::path& site) {
  CAIRN_ASSIGN(const Secret<32> seed, load_secret(site_key_path(site)));
  return from_seed(seed);
}

Signature SigningKey::sign(std::string_view text) const {
  Signature out{};
  crypto_sign_detached(out.data(), nullptr, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       secret_.bytes().data());
  return out;
}

Result<ClassKey> load_class_key(const fs::path& site, const Digest& permit_class) {
  start_sodium();
  return load_secret(class_key_path(site, permit_class));
}

Result<ClassKey> class_key(const fs::path& site, const Digest& permit_class, Entropy& entropy) {
  const FolderLock lock(site / "keys");
  if (!lock.held()) return fail(ErrorCode::failed, "{}: cannot be locked", (site / "keys").string());
  auto known = load_class_key(site, permit_class);
  if (known || known.error().code != ErrorCode::not_found) return known;
  ClassKey made;
  entropy.fill(made.bytes());
  CAIRN_TRY(save_secret(class_key_path(site, permit_class), made));
  return made;
}

}  // namespace cairn::ledger
