#include "tensor/isa.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "tensor/kernels.h"

namespace cairn::tensor {
namespace {

constexpr Isa kAll[] = {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512bf16, Isa::neon};

#if defined(__x86_64__)
// The time of each for products of a small shape, some ten microseconds: the best of a few tries, made in turn, so that
// what disturbs the machine for a while falls on both.
std::array<std::chrono::nanoseconds, 2> times_of(const std::array<const Kernels*, 2>& kernels) {
  constexpr std::size_t kM = 56, kN = 128, kK = 128;
  const std::vector<Bf16> a(kM * kK, Bf16{0x3F80}), b(kN * kK, Bf16{0x3F80});
  std::vector<float> c(kM * kN);
  const Product op{
      .m = kM, .n = kN, .k = kK, .a = by_rows(a.data(), kK), .b = by_rows(b.data(), kK), .c = c.data(), .c_stride = kN};
  std::array<std::chrono::nanoseconds, 2> best{std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max()};
  for (int i = 0; i < 16; ++i) {
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      const auto start = std::chrono::steady_clock::now();
      kernels[k]->product(op, {0, kM}, {0, kN});
      best[k] = std::min<std::chrono::nanoseconds>(best[k], std::chrono::steady_clock::now() - start);
    }
  }
  return best;
}

// VDPBF16PS does two multiply-adds, but some processors issue it at a quarter of the rate of FMA. The bits are equal,
// so the clock may decide.
bool dot_is_faster() {
  static const auto times = times_of({&kAvx512DotKernels, &kAvx512Kernels});
  return times[0] < times[1];
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
