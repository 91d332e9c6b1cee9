// What a fuzz target is: something that takes hostile bytes, and valid examples of them to begin from. One target for
// each file of fuzz/, named after the parser. Built by clang's libFuzzer with the preset `fuzz`; in every other build
// each is a program that feeds the examples and damaged copies of them (fuzz/main.cc), which ctest runs.
#pragma once

#include <vector>

#include "base/bytes.h"

namespace cairn::fuzz {

// Written by Cairn's own writers.
std::vector<Bytes> examples();
// Must return, whatever the bytes; what it finds wrong it says with CAIRN_CHECK.
void consume(ByteView bytes);

}  // namespace cairn::fuzz
