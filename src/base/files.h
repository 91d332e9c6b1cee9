// Files as the project needs them: whole reads, atomic durable writes, read-only maps.
// A write either replaces the whole file, on the disk, or leaves the old one: kill -9 shows nothing between.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn {

// not_found, or failed with the path and the system's reason. Larger than `at_most` bytes: invalid.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t at_most = std::size_t{1} << 34);
Result<std::string> read_text(const std::filesystem::path& path, std::size_t at_most = std::size_t{1} << 30);

// Writes a temporary file beside `path`, syncs it, renames it over `path`, syncs the folder. Readable by its
// owner alone. A kill may leave the temporary file: is_unfinished(). no_space or failed.
Status write_file(const std::filesystem::path& path, ByteView bytes);
// The parts one behind the other, for files too large to hold twice.
Status write_file(const std::filesystem::path& path, std::span<const ByteView> parts);
inline Status write_file(const std::filesystem::path& path, std::string_view text) {
  return write_file(path, as_bytes(text));
}

// Whether a file of this name is what a write of `file` left that was killed.
bool is_unfinished(std::string_view name, std::string_view file);

Status make_folder(const std::filesystem::path& path);

// A folder held for oneself among the processes that ask: advisory, and let go by the system when the process ends,
// however that is.
class FolderLock {
 public:
  // Blocks while another has it. failed.
  static Result<FolderLock> wait_for(const std::filesystem::path& folder);
  // busy: another has it. failed.
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : folder_(std::exchange(other.folder_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int folder) : folder_(folder) {}
  static Result<FolderLock> lock(const std::filesystem::path& folder, int how);
  int folder_;
};

// A read-only view of a whole file; unmapped when it goes. Movable; views into it must not outlive it.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  ByteView bytes() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// A fresh folder under the system's temporary one; removed with all it holds when the object goes.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make(std::string_view prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace cairn
