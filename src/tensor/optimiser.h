// What optimisers need beside AdamW in binary32 (elementwise.h): moments kept in 8 bits, AdamW over them, Muon's
// momentum, and the step along a direction. The products of Muon are product.h's. n elements; outputs overlap no input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/elementwise.h"
#include "tensor/random.h"

namespace cairn::tensor {

// Elements that share a scale, the largest magnitude among them.
inline constexpr std::size_t kCodeBlock = 64;
constexpr std::size_t code_blocks(std::size_t n) {
  return (n + kCodeBlock - 1) / kCodeBlock;
}

// A moment in 8 bits an element. Of either sign ("first"): code 128 + c stands for c |c| / 127^2 of the scale, so that
// small values are told apart better than large ones. Never negative ("second"): code c stands for (c / 255)^4: its
// square root, which AdamW divides by, then spans 65025 to 1; a value above zero never becomes zero, since the step it
// divides would be without bound. All bytes zero is a moment of zero.
// Rounding is by chance, to the code below or above, so that on average nothing is lost: rounded to nearest, a moment
// that moves by a hundredth a step would never leave its code. Element i draws from word i of `rounding`: its low half
// for a first moment, its high half for a second.
struct Moment8 {
  std::uint8_t* codes = nullptr;  // [n]
  float* scales = nullptr;        // [code_blocks(n)]
};

// AdamW with both moments in 8 bits: reads them, takes the step with the new ones as they are, stores them rounded.
struct AdamW8 {
  AdamW step;  // its m and v are not used
  Moment8 m, v;
  Stream rounding;  // another for each step
};
void adamw8(Context& context, const AdamW8& op);

// g = grad_scale * gradient;  m = momentum m + (1 - momentum) g;  direction = momentum m + (1 - momentum) g:
// Nesterov's.
struct Momentum {
  std::size_t n = 0;
  float momentum = 0.95f;
  float grad_scale = 1.0f;
  const float* gradient = nullptr;
  float* m = nullptr;  // updated
  float* direction = nullptr;
};
void momentum(Context& context, const Momentum& op);
struct Momentum8 {
  Momentum step;  // its m is not used
  Moment8 m;
  Stream rounding;
};
void momentum8(Context& context, const Momentum8& op);

// w = w - rate * (scale * direction + weight_decay * w)
struct Descend {
  std::size_t n = 0;
  float rate = 1e-3f, scale = 1.0f, weight_decay = 0.0f;
  const float* direction = nullptr;
  float* weights = nullptr;
  Bf16* copy = nullptr;  // the new weights rounded to bfloat16; or none
};
void descend(Context& context, const Descend& op);

// The values that codes stand for.
void decode_first(Context& context, std::size_t n, const Moment8& m, float* out);
void decode_second(Context& context, std::size_t n, const Moment8& v, float* out);

}  // namespace cairn::tensor
