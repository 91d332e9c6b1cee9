// What the measurements share: a clock, and numbers that no processor treats as special. Private to measure*.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "tensor/bf16.h"

namespace cairn::tensor {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The shortest run's time, over at least `seconds` and three runs.
template <class F>
double shortest(double seconds, F run) {
  double best = 1e30, total = 0;
  for (int i = 0; i < 3 || total < seconds; ++i) {
    const double start = now();
    run();
    const double spent = now() - start;
    best = std::min(best, spent);
    total += spent;
  }
  return best;
}

// Values in [-1, 1).
template <class E>
std::vector<E> noise(std::size_t n) {
  std::vector<E> out(n);
  std::uint32_t state = 1;
  for (E& value : out) {
    state = state * 1664525u + 1013904223u;
    const float x = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    if constexpr (sizeof(E) == 2)
      value = to_bf16(x);
    else
      value = x;
  }
  return out;
}

}  // namespace cairn::tensor
