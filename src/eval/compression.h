// What `xz -9` makes of a text: the other yardstick beside a model's bits per byte. Pure; any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::eval {

// The size in bytes of the .xz file that `xz -9` writes (LZMA2, preset 9, CRC64). failed: no memory (about 700 MB).
Result<std::uint64_t> xz9_size(ByteView text);

}  // namespace cairn::eval
