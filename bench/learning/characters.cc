#include "learning/characters.h"

#include <algorithm>

#include "base/files.h"
#include "base/utf8.h"

namespace cairn::learning {

Result<Characters> read_characters(const std::filesystem::path& path) {
  CAIRN_ASSIGN(const std::string bytes, read_text(path));
  Characters out;
  out.file = sha256(bytes);
  std::vector<char32_t> text;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint c = first_code_point(std::string_view(bytes).substr(at));
    if (!c.valid) return fail(ErrorCode::malformed, "{}: byte {} is not UTF-8", path.string(), at);
    text.push_back(c.value);
    at += c.length;
  }
  out.alphabet = text;
  std::ranges::sort(out.alphabet);
  out.alphabet.erase(std::ranges::unique(out.alphabet).begin(), out.alphabet.end());
  if (out.alphabet.size() < 2 || out.alphabet.size() > 65536)
    return fail(ErrorCode::invalid, "{}: {} different characters, expected 2 to 65536", path.string(),
                out.alphabet.size());
  out.tokens.reserve(text.size());
  for (const char32_t c : text)
    out.tokens.push_back(static_cast<std::uint16_t>(std::ranges::lower_bound(out.alphabet, c) - out.alphabet.begin()));
  return out;
}

}  // namespace cairn::learning
