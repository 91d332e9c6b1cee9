// Shares out a range of indices among threads, each index to exactly one; the result must not depend on which.
// Returns when all are done. `act(begin, end)` must not throw.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace cairn::data {

template <class Act>
void in_chunks(std::size_t count, unsigned threads, const Act& act) {
  constexpr std::size_t kWorthAThread = 64;
  const std::size_t n = std::clamp<std::size_t>(count / kWorthAThread, 1, std::max(1U, threads));
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < n; ++i)
    others.emplace_back([&act, count, i, n] { act(count * i / n, count * (i + 1) / n); });
  act(std::size_t{0}, count / n);
}

}  // namespace cairn::data
