// One small case of every operation, from a seed to the bytes of its outputs: what the published vectors and the tests
// of equality between instruction sets share. Not for use in training.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/random.h"

namespace cairn::tensor {

// What the inputs hold: everyday values; many subnormals, values near the smallest normal and zeros of both signs; or,
// beside everyday values, a few infinities and NaNs.
enum class Flavour { plain, tiny, special };
inline constexpr Flavour kFlavours[] = {Flavour::plain, Flavour::tiny, Flavour::special};

// Draws inputs, in order, from one stream.
class Inputs {
 public:
  Inputs(std::uint64_t seed, Flavour flavour) : stream_{seed, 0x63617365}, flavour_(flavour) {}
  std::vector<float> floats(std::size_t n);
  std::vector<float> positive(std::size_t n);  // in [0.5, 1.5)
  std::vector<Bf16> bf16s(std::size_t n);
  std::vector<std::int32_t> ids(std::size_t n, std::uint32_t bound);
  std::size_t between(std::size_t low, std::size_t high);  // both included

 private:
  float draw();
  Stream stream_;
  Flavour flavour_;
  std::uint64_t at_ = 0;
};

struct Case {
  std::string_view operation;
  // Draws a shape with sides up to about `size` and the inputs, runs the operation, appends the outputs' bytes.
  void (*run)(Context& context, Inputs& inputs, std::size_t size, Bytes& out);
};
std::span<const Case> cases();
// Those of them over rows of channels: norms, activations, positions, losses, embeddings, biases, dropout.
std::span<const Case> row_cases();
// Those of optimiser.h.
std::span<const Case> optimiser_cases();
// At the edge of the subnormals, with inputs of their own.
std::span<const Case> edge_cases();

// For cases: appends the values' bytes.
template <class E>
void keep(Bytes& out, const std::vector<E>& values) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(values.data());
  out.insert(out.end(), p, p + values.size() * sizeof(E));
}

}  // namespace cairn::tensor
