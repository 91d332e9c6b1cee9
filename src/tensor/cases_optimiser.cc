// The cases of optimiser.h.
#include <array>

#include "tensor/cases.h"
#include "tensor/optimiser.h"

namespace cairn::tensor {
namespace {

struct Codes {
  explicit Codes(std::size_t n) : codes(n), scales(code_blocks(n)) {}
  Moment8 view() { return {codes.data(), scales.data()}; }
  void keep_in(Bytes& out) const {
    keep(out, codes);
    keep(out, scales);
  }
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
};

void adamw_codes(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t n = in.between(1, size * size);
  auto weights = in.floats(n);
  std::vector<Bf16> copy(n);
  Codes m(n), v(n);
  for (std::size_t step = 1; step < 5; ++step) {
    const auto gradient = in.floats(n);
    adamw8(context, {.step = {.n = n,
                              .weight_decay = 0.1f,
                              .grad_scale = 0.7f,
                              .step = step,
                              .gradient = gradient.data(),
                              .weights = weights.data(),
                              .copy = copy.data()},
                     .m = m.view(),
                     .v = v.view(),
                     .rounding = {size, step}});
    keep(out, weights);
    keep(out, copy);
    m.keep_in(out);
    v.keep_in(out);
  }
  std::vector<float> values(n);
  decode_first(context, n, m.view(), values.data());
  keep(out, values);
  decode_second(context, n, v.view(), values.data());
  keep(out, values);
}

void momentum_case(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t n = in.between(1, size * size);
  auto m = in.floats(n), weights = in.floats(n);
  std::vector<float> direction(n);
  std::vector<Bf16> copy(n);
  Codes codes(n);
  for (std::size_t step = 1; step < 4; ++step) {
    const auto gradient = in.floats(n);
    const Momentum op{.n = n,
                      .momentum = 0.9f,
                      .grad_scale = 0.3f,
                      .gradient = gradient.data(),
                      .m = m.data(),
                      .direction = direction.data()};
    momentum(context, op);
    keep(out, m);
    keep(out, direction);
    momentum8(context, {.step = op, .m = codes.view(), .rounding = {step, 3}});
    keep(out, direction);
    codes.keep_in(out);
    descend(context, {.n = n,
                      .rate = 0.02f,
                      .scale = 1.7f,
                      .weight_decay = 0.1f,
                      .direction = direction.data(),
                      .weights = weights.data(),
                      .copy = copy.data()});
    keep(out, weights);
    keep(out, copy);
  }
}

constexpr std::array kCases = {Case{"adamw.codes", adamw_codes}, Case{"momentum", momentum_case}};

}  // namespace

std::span<const Case> optimiser_cases() {
  return kCases;
}

}  // namespace cairn::tensor
