// Damaged copies of a valid file, drawn by seed: bits turned, telling bytes and numbers put in, parts cut out, doubled
// or exchanged. For builds without a fuzzer that watches which branches were taken.
#pragma once

#include <random>

#include "base/bytes.h"

namespace cairn::fuzz {

Bytes damaged(const Bytes& file, std::mt19937_64& random);

}  // namespace cairn::fuzz
