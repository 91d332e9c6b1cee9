#include "base/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cairn {
namespace {

tl::unexpected<Error> system_error(const char* act, const std::filesystem::path& path, int error) {
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT) return fail(ErrorCode::not_found, "{} {}: {}", act, path.string(), reason);
  if (error == ENOSPC || error == EDQUOT) {
    return fail_with_hint(ErrorCode::no_space, fmt::format("{} {}: {}", act, path.string(), reason),
                          "free some space and run the same command again; nothing was left half written");
  }
  return fail(ErrorCode::failed, "{} {}: {}", act, path.string(), reason);
}

// "x/" is x: a temporary name is made of its last part.
std::filesystem::path plain(const std::filesystem::path& path) {
  const std::filesystem::path whole = path.lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

Status check_free(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::exists(status)) return {};
  return fail_with_hint(ErrorCode::invalid, fmt::format("{} is there already", path.string()),
                        "name another place, or remove it first");
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Status sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("opening", folder, errno);
  const int result = ::fsync(fd), error = errno;
  ::close(fd);
  if (result != 0) return system_error("syncing", folder, error);
  return {};
}

Status put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return check_free(path);
    // A file system that cannot rename without replacing: look, then rename.
    if (errno != EINVAL) return system_error("renaming to", path, errno);
    CAIRN_TRY(check_free(path));
    if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("renaming to", path, errno);
  }
  return sync_folder(folder_of(path));
}

}  // namespace

Result<NewFile> NewFile::create(const std::filesystem::path& given) {
  const std::filesystem::path path = plain(given);
  CAIRN_TRY(check_free(path));
  std::string temporary = path.string() + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return system_error("creating", path, errno);
  return NewFile(path, temporary, file);
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)) {}

NewFile::~NewFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status NewFile::append(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::write(file_, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno != EINTR) return system_error("writing", path_, errno);
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  return {};
}

Status NewFile::commit() {
  if (::fsync(file_) != 0) return system_error("syncing", path_, errno);
  CAIRN_TRY(put_in_place(temporary_, path_));
  temporary_.clear();
  return {};
}

Result<NewFolder> NewFolder::create(const std::filesystem::path& given) {
  const std::filesystem::path path = plain(given);
  CAIRN_TRY(check_free(path));
  std::string temporary = path.string() + ".XXXXXX";
  if (::mkdtemp(temporary.data()) == nullptr) return system_error("creating", path, errno);
  return NewFolder(path, temporary);
}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

Status NewFolder::commit() {
  CAIRN_TRY(sync_folder(temporary_));
  CAIRN_TRY(put_in_place(temporary_, path_));
  temporary_.clear();
  return {};
}

}  // namespace cairn
