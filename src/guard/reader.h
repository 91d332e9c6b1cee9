// The bytes of one blob, checked against their digest: mapped from the file where they are stored plainly, decrypted
// into memory where they are sealed. Only the guard makes one. Movable; a view into it must not outlive it. Any thread
// may read.
#pragma once

#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/files.h"

namespace cairn::guard {

class Reader {
 public:
  ByteView bytes() const {
    if (const auto* file = std::get_if<MappedFile>(&held_)) return file->bytes();
    return std::get<Bytes>(held_);
  }
  std::string_view text() const { return as_text(bytes()); }

 private:
  friend class Guard;
  explicit Reader(MappedFile file) : held_(std::move(file)) {}
  explicit Reader(Bytes bytes) : held_(std::move(bytes)) {}
  std::variant<MappedFile, Bytes> held_;
};

}  // namespace cairn::guard
