// libFuzzer's door to a target.
#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::fuzz::consume({data, size});
  return 0;
}
