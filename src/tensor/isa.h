// The instruction sets that kernels exist for, which of them this processor has, and how one is chosen (CAIRN_ISA).
// Not the kernels (kernels.h). All instruction sets compute the same bits: choosing one changes the speed alone.
// Pure functions; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::tensor {

enum class Isa {
  scalar,      // plain C++; the specification; works everywhere
  avx2,        // x86-64 with AVX2 and FMA
  avx512,      // x86-64 with AVX-512 F, BW, DQ, VL
  avx512bf16,  // the same, products of bfloat16 by VDPBF16PS
  neon,        // aarch64
};

std::string_view name_of(Isa isa);

// invalid: no such name; the message lists the names.
Result<Isa> parse_isa(std::string_view name);

// Whether this processor and this build can run it.
bool available(Isa isa);
// In ascending order of speed; scalar is always first.
std::vector<Isa> available_isas();

// The set that `wanted` names, or the fastest where it is empty (the value of CAIRN_ISA, which may be unset): between
// avx512 and avx512bf16 a timing of some microseconds decides, once per process.
// invalid: no such name. unsupported: this processor lacks it, or `wanted` is empty and the processor has no fused
// multiply-add (then only CAIRN_ISA=scalar works, which emulates it).
Result<Isa> choose_isa(std::string_view wanted);

}  // namespace cairn::tensor
