// Models as Cairn keeps them; a volunteer's machine gets them from the network.
#include "model/checkpoint.h"

#include <algorithm>

#include "fuzz/target.h"
#include "model/testing_interchange.h"

namespace cairn::fuzz {

std::vector<Bytes> examples() {
  std::vector<Bytes> out;
  for (const model::Family& family : model::small_families())
    out.push_back(model::encode(model::lively_model(family.config, 1)));
  return out;
}

// One model, one file: what is read is written to the same bytes.
void consume(ByteView bytes) {
  const auto read = model::decode(bytes);
  if (!read) return;
  const Bytes again = model::encode(*read);
  CAIRN_CHECK(std::ranges::equal(again, bytes));
}

}  // namespace cairn::fuzz
