#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>

#include "data/passes.h"

namespace cairn::data {
namespace {

std::string digits_of(std::string_view s) {
  std::string out;
  for (const char c : s)
    if (c >= '0' && c <= '9') out.push_back(c);
  return out;
}

bool always(std::string_view) {
  return true;
}

// Luhn's check (ISO/IEC 7812-1), on 13 to 19 digits that begin as cards do.
bool is_card(std::string_view s) {
  const std::string digits = digits_of(s);
  if (digits.size() < 13 || digits.size() > 19 || digits[0] < '2' || digits[0] > '6') return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int d = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return sum % 10 == 0;
}

// ISO 13616: the first four characters go last, letters count 10 to 35, and the number is 1 modulo 97.
bool is_iban(std::string_view s) {
  std::string plain;
  for (const char c : s)
    if (c != ' ') plain.push_back(c);
  if (plain.size() < 15 || plain.size() > 34) return false;
  std::rotate(plain.begin(), plain.begin() + 4, plain.end());
  unsigned rest = 0;
  for (const char c : plain) {
    const unsigned value = c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'A') + 10;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest == 1;
}

bool is_ipv4(std::string_view s) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(s).c_str(), &address) != 1) return false;
  const auto first = static_cast<unsigned>(ntohl(address.s_addr)) >> 24;
  return first != 0 && first != 127 && first != 255;  // "this host", loopback, netmasks: nobody's
}

bool is_ipv6(std::string_view s) {
  in6_addr address{};
  const auto groups = std::count_if(s.begin(), s.end(), [](char c) { return c == ':'; });
  const bool has_digit = std::any_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  return groups >= 3 && has_digit && inet_pton(AF_INET6, std::string(s).c_str(), &address) == 1;
}

// E.164 has at most 15 digits; fewer than 8 could be anything.
bool is_phone(std::string_view s) {
  const auto n = digits_of(s).size();
  return n >= 8 && n <= 15;
}

struct Kind {
  const char* name;
  const char* mask;
  RE2 pattern;
  bool (*holds)(std::string_view);

  Kind(const char* n, const char* m, const char* p, bool (*h)(std::string_view))
      : name(n), mask(m), pattern(p, RE2::Latin1), holds(h) {}
};

// Strictest first: what an earlier kind has masked no later kind sees.
const std::vector<const Kind*>& kinds() {
  static const Kind kEmail("e-mail addresses", "[email]",
                           R"([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}\b)",
                           always);
  static const Kind kIban("IBANs", "[iban]", R"(\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b)",
                          is_iban);
  static const Kind kCard("payment cards", "[card]", R"(\b[2-6][0-9]{3}(?:[ -]?[0-9]{3,6}){2,3}(?:[ -]?[0-9]{1,4})?\b)",
                          is_card);
  static const Kind kIpv4("IP addresses", "[ip]", R"(\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b)", is_ipv4);
  static const Kind kIpv6("IP addresses", "[ip]", R"([0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,34}[0-9A-Fa-f]\b)", is_ipv6);
  static const Kind kAbroad(
      "telephone numbers", "[phone]",
      R"(\+[0-9]{1,3}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{1,5}(?:[ .-][0-9]{2,8}){1,5}\b|\+[0-9]{8,15}\b)", is_phone);
  static const Kind kAmerican("telephone numbers", "[phone]",
                              R"((?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}\b)", always);
  static const std::vector<const Kind*> all = {&kEmail, &kIban, &kCard, &kIpv4, &kIpv6, &kAbroad, &kAmerican};
  return all;
}

std::uint64_t mask(const Kind& kind, std::string& text) {
  const re2::StringPiece input(text);
  re2::StringPiece match;
  std::string out;
  std::size_t at = 0, copied = 0;
  std::uint64_t found = 0;
  while (at < text.size() && kind.pattern.Match(input, at, text.size(), RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    at = begin + std::max<std::size_t>(1, match.size());
    if (!kind.holds({match.data(), match.size()})) continue;
    out.append(text, copied, begin - copied);
    out += kind.mask;
    copied = at;
    ++found;
  }
  if (found > 0) {
    out.append(text, copied);
    text = std::move(out);
  }
  return found;
}

}  // namespace

void mask_personal_data(Record& record, Reasons& reasons) {
  for (const Kind* kind : kinds())
    if (const auto found = mask(*kind, record.text)) reasons[std::string("masked: ") + kind->name] += found;
}

}  // namespace cairn::data
