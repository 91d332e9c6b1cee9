#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace cairn {
namespace {

constexpr std::string_view kUnfinished = ".unfinished-";

tl::unexpected<Error> system_error(const char* act, const std::filesystem::path& path, int error) {
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT) return fail(ErrorCode::not_found, "{} {}: {}", act, path.string(), reason);
  if (error == ENOSPC || error == EDQUOT)
    return fail_with_hint(ErrorCode::no_space, fmt::format("{} {}: {}", act, path.string(), reason),
                          "free some space and run the same command again; nothing was lost");
  return fail(ErrorCode::failed, "{} {}: {}", act, path.string(), reason);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, ByteView bytes, const std::filesystem::path& path) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno != EINTR) return system_error("writing", path, errno);
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  return {};
}

Status write_and_sync(int fd, std::span<const ByteView> parts, const std::filesystem::path& path) {
  for (const ByteView part : parts) CAIRN_TRY(write_all(fd, part, path));
  if (::fsync(fd) != 0) return system_error("syncing", path, errno);
  return {};
}

template <class Buffer>
Result<Buffer> read_whole(const std::filesystem::path& path, std::size_t at_most) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("opening", path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error("reading", path, errno);
  if (S_ISDIR(info.st_mode)) return system_error("reading", path, EISDIR);
  Buffer out;
  std::size_t size = 0;
  // One more than is allowed is enough to tell.
  out.resize(std::min(static_cast<std::size_t>(info.st_size), at_most + (at_most < SIZE_MAX ? 1 : 0)));
  for (;;) {
    if (size > at_most)
      return fail(ErrorCode::invalid, "{} is larger than the {} bytes allowed here", path.string(), at_most);
    if (size == out.size()) out.resize(size + (size == 0 ? 4096 : 1));
    const ssize_t n = ::read(fd.get(), out.data() + size, out.size() - size);
    if (n < 0 && errno != EINTR) return system_error("reading", path, errno);
    if (n == 0) break;
    if (n > 0) size += static_cast<std::size_t>(n);
  }
  out.resize(size);
  return out;
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t at_most) {
  return read_whole<Bytes>(path, at_most);
}
Result<std::string> read_text(const std::filesystem::path& path, std::size_t at_most) {
  return read_whole<std::string>(path, at_most);
}

Status write_file(const std::filesystem::path& path, ByteView bytes) {
  return write_file(path, std::span<const ByteView>(&bytes, 1));
}

Status write_file(const std::filesystem::path& path, std::span<const ByteView> parts) {
  std::string temporary = fmt::format("{}{}XXXXXX", path.string(), kUnfinished);
  {
    const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (fd.get() < 0) return system_error("creating", path, errno);
    if (auto written = write_and_sync(fd.get(), parts, path); !written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return system_error("renaming to", path, error);
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const Descriptor dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.get() < 0 || ::fsync(dir.get()) != 0) return system_error("syncing", folder, errno);
  return {};
}

bool is_unfinished(std::string_view name, std::string_view file) {
  return name.size() == file.size() + kUnfinished.size() + 6 && name.starts_with(file) &&
         name.substr(file.size()).starts_with(kUnfinished);
}

Status make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return system_error("creating", path, error.value());
  return {};
}

Result<FolderLock> FolderLock::lock(const std::filesystem::path& folder, int how) {
  FolderLock out(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (out.folder_ < 0) return system_error("opening", folder, errno);
  while (::flock(out.folder_, how) != 0) {
    if (errno == EWOULDBLOCK) return fail(ErrorCode::busy, "{}: another process holds it", folder.string());
    if (errno != EINTR) return system_error("locking", folder, errno);
  }
  return out;
}

Result<FolderLock> FolderLock::wait_for(const std::filesystem::path& folder) {
  return lock(folder, LOCK_EX);
}
Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  return lock(folder, LOCK_EX | LOCK_NB);
}

FolderLock::~FolderLock() {
  if (folder_ >= 0) ::close(folder_);
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe's end would be waited for
  if (fd.get() < 0) return system_error("opening", path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error("reading", path, errno);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::invalid, "{} is no file", path.string());
  MappedFile out;
  out.size_ = static_cast<std::size_t>(info.st_size);
  if (out.size_ == 0) return out;
  void* data = ::mmap(nullptr, out.size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) {
    out.size_ = 0;
    return system_error("mapping", path, errno);
  }
  out.data_ = static_cast<const std::uint8_t*>(data);
  return out;
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

Result<TemporaryFolder> TemporaryFolder::make(std::string_view prefix) {
  std::error_code error;
  const auto base = std::filesystem::temp_directory_path(error);
  std::string path = (base / fmt::format("{}-XXXXXX", prefix)).string();
  if (error || ::mkdtemp(path.data()) == nullptr) return system_error("creating", path, error ? error.value() : errno);
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace cairn
