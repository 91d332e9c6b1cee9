#include "fuzz/damage.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace cairn::fuzz {
namespace {

using Random = std::mt19937_64;

// Below `bound`; half of the draws near zero, where headers are.
std::size_t place(Random& random, std::size_t bound) {
  const std::uint64_t draw = random();
  const std::size_t reach = draw % 2 == 0 ? bound : std::min<std::size_t>(bound, 256);
  return static_cast<std::size_t>((draw >> 8) % reach);
}

void turn_bit(Bytes& file, Random& random) {
  file[place(random, file.size())] ^= static_cast<std::uint8_t>(1U << random() % 8);
}

void set_byte(Bytes& file, Random& random) {
  static constexpr std::uint8_t kTelling[] = {0, 1, 0x7F, 0x80, 0xFF, '"', '{', '[', '-', '9', 'e', '\\'};
  const std::uint64_t draw = random();
  file[place(random, file.size())] =
      draw % 4 == 0 ? static_cast<std::uint8_t>(draw >> 8) : kTelling[(draw >> 8) % std::size(kTelling)];
}

void set_number(Bytes& file, Random& random) {
  static constexpr std::uint64_t kTelling[] = {0,       1,       0x7FFFFFFF,         0x80000000,
                                               1 << 24, 1 << 30, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
  const std::uint64_t number = kTelling[random() % std::size(kTelling)];
  const std::size_t size = random() % 2 == 0 ? 4 : 8;
  if (file.size() >= size) std::memcpy(file.data() + place(random, file.size() - size + 1), &number, size);
}

// Replaces a decimal number by one of another size.
void set_digits(Bytes& file, Random& random) {
  static constexpr std::string_view kTelling[] = {"0", "-1", "4294967296", "18446744073709551615", "1e400", "0.5", "7"};
  const auto digit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
  const auto from = file.begin() + static_cast<std::ptrdiff_t>(place(random, file.size()));
  const auto begin = std::find_if(from, file.end(), digit), end = std::find_if_not(begin, file.end(), digit);
  if (begin == file.end()) return;
  const std::string_view number = kTelling[random() % std::size(kTelling)];
  file.insert(file.erase(begin, end), number.begin(), number.end());
}

void cut(Bytes& file, Random& random) {
  const std::size_t at = place(random, file.size());
  const std::size_t count = std::min<std::size_t>(file.size() - at, 1 + random() % 64);
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
  file.erase(begin, random() % 4 == 0 ? file.end() : begin + static_cast<std::ptrdiff_t>(count));
}

void repeat(Bytes& file, Random& random) {
  const std::size_t at = place(random, file.size());
  const std::size_t count = std::min<std::size_t>(file.size() - at, 1 + random() % 64);
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
  const Bytes piece(begin, begin + static_cast<std::ptrdiff_t>(count));
  const auto to = file.begin() + static_cast<std::ptrdiff_t>(place(random, file.size()));
  if (random() % 2 == 0 && file.end() - to >= static_cast<std::ptrdiff_t>(count))
    std::ranges::copy(piece, to);
  else
    file.insert(to, piece.begin(), piece.end());
}

}  // namespace

Bytes damaged(const Bytes& file, Random& random) {
  static constexpr void (*kActs[])(Bytes&, Random&) = {turn_bit, set_byte, set_number, set_digits, cut, repeat};
  Bytes out = file;
  for (std::uint64_t left = 1 + random() % 4; left > 0 && !out.empty(); --left)
    kActs[random() % std::size(kActs)](out, random);
  return out;
}

}  // namespace cairn::fuzz
