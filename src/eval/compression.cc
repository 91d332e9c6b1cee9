#include "eval/compression.h"

#include <lzma.h>

#include <array>

namespace cairn::eval {

Result<std::uint64_t> xz9_size(ByteView text) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (const lzma_ret code = lzma_easy_encoder(&stream, 9, LZMA_CHECK_CRC64); code != LZMA_OK)
    return fail(ErrorCode::failed, "xz cannot start: liblzma answers {}", static_cast<int>(code));
  std::array<std::uint8_t, 1 << 16> out;
  stream.next_in = text.data();
  stream.avail_in = text.size();
  lzma_ret code = LZMA_OK;
  while (code == LZMA_OK) {
    stream.next_out = out.data();
    stream.avail_out = out.size();
    code = lzma_code(&stream, LZMA_FINISH);
  }
  const std::uint64_t size = stream.total_out;
  lzma_end(&stream);
  if (code != LZMA_STREAM_END) return fail(ErrorCode::failed, "xz stopped: liblzma answers {}", static_cast<int>(code));
  return size;
}

}  // namespace cairn::eval
