#include "eval/order3.h"

#include <algorithm>
#include <cmath>

namespace cairn::eval {
namespace {

std::uint32_t push(std::uint32_t gram, char next) {
  return gram << 8 | static_cast<std::uint8_t>(next);
}

}  // namespace

Result<Order3> Order3::train(std::span<const std::string_view> documents) {
  std::size_t bytes = 0;
  for (const std::string_view d : documents) bytes += d.size();
  if (bytes == 0) return fail(ErrorCode::invalid, "no text to train the order-3 model on");
  if (bytes > UINT32_MAX) return fail(ErrorCode::invalid, "{} bytes are too many for the order-3 model", bytes);
  std::vector<std::uint32_t> grams;
  grams.reserve(bytes);
  for (const std::string_view d : documents) {
    std::uint32_t gram = 0;
    for (const char c : d) grams.push_back(gram = push(gram, c));
  }
  std::sort(grams.begin(), grams.end());
  Order3 out;
  for (std::size_t i = 0; i < grams.size();) {
    std::size_t end = i;
    while (end < grams.size() && grams[end] == grams[i]) ++end;
    out.orders_[3].push_back({grams[i], static_cast<std::uint32_t>(end - i)});
    i = end;
  }
  for (int k = 2; k >= 0; --k) {  // a lower order sums over the oldest byte
    std::vector<Entry> shorter = out.orders_[static_cast<std::size_t>(k) + 1];
    const std::uint32_t mask = (std::uint32_t{1} << (8 * (k + 1))) - 1;
    for (Entry& e : shorter) e.gram &= mask;
    std::sort(shorter.begin(), shorter.end(), [](const Entry& a, const Entry& b) { return a.gram < b.gram; });
    auto& order = out.orders_[static_cast<std::size_t>(k)];
    for (const Entry& e : shorter) {
      if (!order.empty() && order.back().gram == e.gram) {
        order.back().count += e.count;
      } else {
        order.push_back(e);
      }
    }
  }
  return out;
}

double Order3::probability(std::uint32_t history, std::uint8_t next) const {
  double p = 1.0 / 256;
  for (std::uint32_t k = 0; k <= 3; ++k) {
    const std::uint64_t context = k == 0 ? 0 : history & ((std::uint64_t{1} << (8 * k)) - 1);
    const auto& order = orders_[k];
    const auto below = [](const Entry& e, std::uint64_t gram) { return e.gram < gram; };
    const auto begin = std::lower_bound(order.begin(), order.end(), context << 8, below);
    double seen = 0, types = 0, of_next = 0;
    for (auto it = begin; it != order.end() && it->gram >> 8 == context; ++it) {
      seen += it->count;
      types += 1;
      if ((it->gram & 0xFF) == next) of_next = it->count;
    }
    if (seen > 0) p = (of_next + types * p) / (seen + types);
  }
  return p;
}

double Order3::bits(std::string_view document) const {
  double bits = 0;
  std::uint32_t history = 0;
  for (const char c : document) {
    bits -= std::log2(probability(history & 0xFFFFFF, static_cast<std::uint8_t>(c)));
    history = push(history, c);
  }
  return bits;
}

}  // namespace cairn::eval
