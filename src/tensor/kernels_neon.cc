// Kernels for aarch64. Products run in Arm's flush mode, and a tile in which anything underflowed is computed again by
// lane.h (pack_neon.h says why); the sticky flag UFC tells.
#if defined(__aarch64__)
#include "tensor/kernels_table.h"
#include "tensor/pack_neon.h"

namespace cairn::tensor {
namespace {

struct TileNeon {
  static constexpr std::size_t kRows = 8, kVectors = 2, kLanes = 4;
  static constexpr bool kPaired = false, kWatched = true;
  using Word = float;
  using Register = float32x4_t;

  static constexpr std::uint64_t kFlush = std::uint64_t{1} << 24, kUnderflow = std::uint64_t{1} << 3;
  // Flush mode on, the sticky flag clear; the mode as it was is returned.
  static std::uint64_t enter() {
    std::uint64_t mode, status;
    asm volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(mode), "=r"(status) : : "memory");
    asm volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(mode | kFlush), "r"(status & ~kUnderflow) : "memory");
    return mode;
  }
  static bool leave(std::uint64_t mode) {
    std::uint64_t status;
    asm volatile("mrs %0, fpsr\n\tmsr fpcr, %1" : "=r"(status) : "r"(mode) : "memory");
    return (status & kUnderflow) != 0;
  }
  // The register's value is final here: the reads of the flag that follow cannot move before it.
  static void settle(Register& r) { asm volatile("" : "+w"(r) : : "memory"); }

  static Register load(const Word* p) { return vld1q_f32(p); }
  static Register broadcast(Word x) { return vdupq_n_f32(x); }
  static Register zero() { return vdupq_n_f32(0.0f); }
  static Register step(Register a, Register b, Register acc) { return vfmaq_f32(acc, a, b); }
  static Register add(Register a, Register b) { return PackNeon::flush(vaddq_f32(a, b)); }
  static Register load_floats(const float* p) { return PackNeon::flush(vld1q_f32(p)); }
  static Register load_floats_part(const float* p, std::size_t n) {
    float all[4] = {};
    for (std::size_t i = 0; i < n; ++i) all[i] = p[i];
    return load_floats(all);
  }
  static void store_floats(float* p, Register a) { vst1q_f32(p, a); }
  static void store(float* p, Register a) { vst1q_f32(p, PackNeon::canonical(a)); }
  static void store_part(float* p, Register a, std::size_t n) {
    float all[4];
    store(all, a);
    for (std::size_t i = 0; i < n; ++i) p[i] = all[i];
  }
  static void store_words(Word* p, Register a) { vst1q_f32(p, a); }
  static Register load_words(const Bf16* p) { return vreinterpretq_f32_u16(vld1q_u16(&p->bits)); }
  static Register odd(Register w) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(w), vdupq_n_u32(0xFFFF0000u)));
  }
  static Register even(Register w) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(w), 16)); }
  static Register widen(const Bf16* p) { return PackNeon::widen(vld1_u16(&p->bits)); }

  static void transpose(Register (&r)[4]) {
    const float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
  }
};

}  // namespace

constexpr Kernels kNeonKernels = make_kernels<PackNeon, TileNeon, TileNeon, TileNeon>();

}  // namespace cairn::tensor
#endif
