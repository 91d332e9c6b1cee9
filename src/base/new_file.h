// Files and folders that appear whole or not at all, for what is too large for one write_file() or is several files.
// Until commit() they lie beside their place under another name; whatever is not committed goes with the object.
// Movable, not copyable; one thread each.
#pragma once

#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn {

class NewFile {
 public:
  // invalid: something of that name is there already; not_found, failed, no_space with the path.
  static Result<NewFile> create(const std::filesystem::path& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Status append(ByteView bytes);
  // Synced to the disk, then given its name. invalid: something of that name came meanwhile.
  Status commit();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path temporary, int file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}
  std::filesystem::path path_, temporary_;
  int file_ = -1;
};

class NewFolder {
 public:
  // As NewFile::create().
  static Result<NewFolder> create(const std::filesystem::path& path);
  NewFolder(NewFolder&& other) noexcept
      : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})) {}
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder();

  // Where its files are to be made until commit(); each is to be durable by then, as NewFile and write_file() leave it.
  const std::filesystem::path& folder() const { return temporary_; }
  Status commit();

 private:
  NewFolder(std::filesystem::path path, std::filesystem::path temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}
  std::filesystem::path path_, temporary_;
};

}  // namespace cairn
