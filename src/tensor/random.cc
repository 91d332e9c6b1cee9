#include "tensor/random.h"

#include "tensor/lane.h"
#include "tensor/math.h"

namespace cairn::tensor {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0], p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return c;
}

namespace {

// Words 4 * block .. 4 * block + 3.
std::array<std::uint32_t, 4> block_of(const Stream& s, std::uint64_t block) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                 static_cast<std::uint32_t>(s.stream), static_cast<std::uint32_t>(s.stream >> 32)},
                {static_cast<std::uint32_t>(s.key), static_cast<std::uint32_t>(s.key >> 32)});
}

struct Two {
  float first, second;
};

// Box and Muller 1958: r cos(a), r sin(a) with r = sqrt(-2 log u), a = 2 pi w, u in (0, 1], w in [0, 1).
Two normals_from(std::uint32_t a, std::uint32_t b) {
  const float u = static_cast<float>((a >> 8) + 1) * 0x1p-24f, w = static_cast<float>(b >> 8) * 0x1p-24f;
  const Lane r{math::sqrt((Lane{-2.0f} * Lane{math::log(u)}).value)};
  const float angle = (Lane{0x1.921fb6p+2f} * Lane{w}).value;
  return {(r * Lane{math::cos(angle)}).value, (r * Lane{math::sin(angle)}).value};
}

}  // namespace

std::uint32_t random_word(const Stream& stream, std::uint64_t i) {
  return block_of(stream, i / 4)[i % 4];
}

float random_uniform(const Stream& stream, std::uint64_t i) {
  return static_cast<float>(random_word(stream, i) >> 8) * 0x1p-24f;
}

void fill_normal(const Stream& stream, std::uint64_t first, float deviation, std::span<float> out) {
  for (std::size_t j = 0; j < out.size();) {
    const std::uint64_t i = first + j;
    const auto words = block_of(stream, i / 4);
    const Two low = normals_from(words[0], words[1]), high = normals_from(words[2], words[3]);
    const float values[4] = {low.first, low.second, high.first, high.second};
    for (std::size_t k = i % 4; k < 4 && j < out.size(); ++k, ++j) out[j] = (Lane{deviation} * Lane{values[k]}).value;
  }
}

}  // namespace cairn::tensor
