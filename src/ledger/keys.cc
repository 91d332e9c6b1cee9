#include "ledger/keys.h"

#include <sys/stat.h>

#include "base/files.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

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
  Secret<32> out;
  auto read = from_hex(text, out.bytes());
  wipe(text);
  if (!read) return fail(std::move(read).error().within(fmt::format("the key {}", path.string())));
  return out;
}

// write_file() makes its files readable by their owner alone.
Status save_secret(const fs::path& path, ByteView secret) {
  std::string text = to_hex(secret) + "\n";
  auto saved = write_file(path, text);
  wipe(text);
  return saved;
}

}  // namespace

Result<SecretKey> make_site_key(const fs::path& site, Entropy& entropy) {
  CAIRN_TRY(make_folder(site / "keys"));
  if (::chmod((site / "keys").c_str(), 0700) != 0)
    return fail(ErrorCode::failed, "{}: cannot be closed to others", (site / "keys").string());
  const SecretKey key = SecretKey::make(entropy);
  CAIRN_TRY(save_secret(site_key_path(site), key.seed()));
  return key;
}

Result<SecretKey> load_site_key(const fs::path& site) {
  CAIRN_ASSIGN(const Secret<32> seed, load_secret(site_key_path(site)));
  return SecretKey::from_seed(seed.bytes());
}

Result<ClassKey> load_class_key(const fs::path& site, const Digest& permit_class) {
  return load_secret(class_key_path(site, permit_class));
}

Result<ClassKey> class_key(const fs::path& site, const Digest& permit_class, Entropy& entropy) {
  CAIRN_ASSIGN([[maybe_unused]] const FolderLock lock, FolderLock::wait_for(site / "keys"));
  auto known = load_class_key(site, permit_class);
  if (known || known.error().code != ErrorCode::not_found) return known;
  ClassKey made;
  entropy.fill(made.bytes());
  CAIRN_TRY(save_secret(class_key_path(site, permit_class), made.bytes()));
  return made;
}

}  // namespace cairn::ledger
