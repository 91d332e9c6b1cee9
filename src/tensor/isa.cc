#include "tensor/isa.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "tensor/kernels.h"

namespace cairn::tensor {
namespace {

constexpr Isa kAll[] = {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512bf16, Isa::neon};

#if defined(__x86_64__)
// Products per second of a small shape; the better of a few tries, some tens of microseconds each.
std::chrono::nanoseconds time_of(const Kernels& kernels) {
  constexpr std::size_t kM = 56, kN = 128, kK = 128;
  const std::vector<Bf16> a(kM * kK, Bf16{0x3F80}), b(kN * kK, Bf16{0x3F80});
  std::vector<float> c(kM * kN);
  const Product op{
      .m = kM, .n = kN, .k = kK, .a = by_rows(a.data(), kK), .b = by_rows(b.data(), kK), .c = c.data(), .c_stride = kN};
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 8; ++i) {
    const auto start = std::chrono::steady_clock::now();
    kernels.product(op, {0, kM}, {0, kN});
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
  }
  return best;
}

// VDPBF16PS does two multiply-adds, but some processors issue it at a quarter of the rate of FMA. The bits are equal,
// so the clock may decide.
bool dot_is_faster() {
  static const bool dot = time_of(kAvx512DotKernels) < time_of(kAvx512Kernels);
  return dot;
}
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512bf16:
      return "avx512bf16";
    case Isa::neon:
      return "neon";
  }
  return "scalar";
}

Result<Isa> parse_isa(std::string_view name) {
  for (const Isa isa : kAll)
    if (name_of(isa) == name) return isa;
  return fail_with_hint(ErrorCode::invalid, fmt::format("unknown instruction set '{}'", name),
                        "use one of: scalar, avx2, avx512, avx512bf16, neon");
}

bool available(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::scalar:
      return true;
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512bf16:
      if (!__builtin_cpu_supports("avx512bf16")) return false;
      [[fallthrough]];
    case Isa::avx512:
      return available(Isa::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case Isa::neon:
      return false;
  }
  return false;
#elif defined(__aarch64__)
  return isa == Isa::scalar || isa == Isa::neon;
#else
  return isa == Isa::scalar;
#endif
}

std::vector<Isa> available_isas() {
  std::vector<Isa> out;
  std::copy_if(std::begin(kAll), std::end(kAll), std::back_inserter(out), available);
  return out;
}

Result<Isa> choose_isa(std::string_view wanted) {
  std::string names;
  for (const Isa isa : available_isas()) names += (names.empty() ? "" : ", ") + std::string(name_of(isa));
  if (wanted.empty()) {
    const Isa best = available_isas().back();
#if defined(__x86_64__)
    if (best == Isa::avx512bf16 && !dot_is_faster()) return Isa::avx512;
#endif
    if (best != Isa::scalar) return best;
    return fail_with_hint(ErrorCode::unsupported,
                          "this processor has no fused multiply-add (AVX2 with FMA, AVX-512 or NEON)",
                          "CAIRN_ISA=scalar computes the same results, slowly");
  }
  CAIRN_ASSIGN(const Isa isa, parse_isa(wanted));
  if (available(isa)) return isa;
  return fail_with_hint(ErrorCode::unsupported, fmt::format("this processor lacks the instruction set '{}'", wanted),
                        fmt::format("available here: {}", names));
}

const Kernels& kernels_of(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::avx2:
      return kAvx2Kernels;
    case Isa::avx512:
      return kAvx512Kernels;
    case Isa::avx512bf16:
      return kAvx512DotKernels;
    default:
      return kScalarKernels;
  }
#elif defined(__aarch64__)
  return isa == Isa::neon ? kNeonKernels : kScalarKernels;
#else
  return kScalarKernels;
#endif
}

}  // namespace cairn::tensor
