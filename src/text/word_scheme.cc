#include "text/word_scheme.h"

#include <algorithm>
#include <array>

#include "text/pieces.h"
#include "text/pretoken.h"
#include "text/unicode.h"

namespace cairn::text {
namespace {

constexpr std::array<std::string_view, 3> kKeeps = {"all", "matches", "rest"};
constexpr std::array<std::string_view, 6> kPrefixes = {"none",      "piece", "gpt2_words", "text", "text_unless_space",
                                                       "first_text"};

template <class Enum>
Result<Enum> named(const Json& object, const char* key, std::span<const std::string_view> names) {
  CAIRN_ASSIGN(const std::string name, get_string(object, key));
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    return fail(ErrorCode::malformed, "\"{}\": '{}' is none of {}", key, name.substr(0, 32), fmt::join(names, ", "));
  return static_cast<Enum>(found - names.begin());
}

// The length of the text's beginning that is well-formed UTF-8, and of the part behind it that is not.
struct Stretch {
  std::size_t good = 0, bad = 0;
};
Stretch first_stretch(std::string_view text) {
  Stretch out{.good = first_bad_utf8(text).value_or(text.size())};
  for (std::size_t at = out.good; at < text.size() && !first_code_point(text.substr(at)).valid; ++at) ++out.bad;
  return out;
}

Cut gpt2_cut() {
  return {.pattern = Pattern::make(kGpt2Pattern).value()};
}

}  // namespace

bool WordScheme::exact() const {
  if (own) return true;
  return !nfc && !characters && prefix == Prefix::none &&
         std::ranges::all_of(splits, [](const Cut& s) { return s.keep == Cut::Keep::all; });
}

Json to_json(const WordScheme& scheme) {
  if (scheme.own) return kWordScheme;
  Json splits = Json::array();
  for (const Cut& split : scheme.splits)
    splits.push_back({{"pattern", split.pattern.source()}, {"keep", kKeeps[static_cast<std::size_t>(split.keep)]}});
  Json out = {{"nfc", scheme.nfc},
              {"splits", std::move(splits)},
              {"prefix_space", kPrefixes[static_cast<std::size_t>(scheme.prefix)]},
              {"whole_words", scheme.whole_words}};
  if (scheme.characters) out["characters"] = true;
  return out;
}

Result<WordScheme> word_scheme_from_json(const Json& json) {
  if (json.is_string()) {
    if (json == kWordScheme) return WordScheme{};
    return fail(ErrorCode::malformed, "\"words\": expected \"{}\" or an object, got {}", kWordScheme,
                canonical(json).substr(0, 64));
  }
  WordScheme out{.own = false};
  out.characters = json.is_object() && json.contains("characters");
  if (!json.is_object() || json.size() != (out.characters ? 5U : 4U))
    return fail(ErrorCode::malformed,
                "\"words\": expected nfc, splits, prefix_space and whole_words, perhaps characters");
  if (out.characters && json["characters"] != true)
    return fail(ErrorCode::malformed, "\"characters\": expected true, or none");
  CAIRN_ASSIGN(out.nfc, get_bool(json, "nfc"));
  CAIRN_ASSIGN(out.whole_words, get_bool(json, "whole_words"));
  CAIRN_ASSIGN(out.prefix, named<WordScheme::Prefix>(json, "prefix_space", kPrefixes));
  CAIRN_ASSIGN(const Json* splits, get_array(json, "splits"));
  if (splits->size() > kMostSplits)
    return fail(ErrorCode::malformed, "{} splits: at most {}", splits->size(), kMostSplits);
  for (const Json& split : *splits) {
    if (!split.is_object() || split.size() != 2)
      return fail(ErrorCode::malformed, "split {}: expected pattern and keep", out.splits.size());
    CAIRN_ASSIGN(const std::string source, get_string(split, "pattern"));
    CAIRN_ASSIGN(Pattern pattern, Pattern::make(source));
    CAIRN_ASSIGN(const auto keep, named<Cut::Keep>(split, "keep", kKeeps));
    out.splits.push_back({std::move(pattern), keep});
  }
  const bool each = out.prefix == WordScheme::Prefix::piece || out.prefix == WordScheme::Prefix::gpt2_words;
  const bool pieces = out.prefix != WordScheme::Prefix::none && !each;
  if (out.characters ? out.nfc || each || !out.splits.empty() : pieces)
    return fail(ErrorCode::malformed, "\"words\": {} do not go together",
                out.characters ? "characters and nfc, splits or such a space" : "bytes and such a space");
  return out;
}

WordCutter::WordCutter(const WordScheme& scheme) : scheme_(&scheme) {
  if (scheme.own) return;
  for (const Cut& split : scheme.splits) matchers_.emplace_back(split.pattern);
  if (scheme.prefix != WordScheme::Prefix::gpt2_words) return;
  last_.push_back(gpt2_cut());
  matchers_.emplace_back(last_.front().pattern);
}

void WordCutter::cut(std::string_view text, const Sink& sink) {
  if (scheme_->own) {
    while (!text.empty()) {
      const std::size_t n = first_word(text);
      sink(text.substr(0, n));
      text.remove_prefix(n);
    }
    return;
  }
  while (!text.empty()) {
    const Stretch stretch = first_stretch(text);
    if (stretch.good > 0) cut_utf8(text.substr(0, stretch.good), sink);
    if (stretch.bad > 0) sink(text.substr(stretch.good, stretch.bad));
    text.remove_prefix(stretch.good + stretch.bad);
  }
}

void WordCutter::cut_utf8(std::string_view text, const Sink& sink) {
  pieces_.assign({text});
  spaced_.clear();
  std::size_t matcher = 0;
  const auto apply = [&](const Cut& by) {
    next_.clear();
    for (const std::string_view piece : pieces_) split(by, matchers_[matcher], piece);
    pieces_.swap(next_);
    ++matcher;
  };
  for (const Cut& by : scheme_->splits) apply(by);
  const bool each = scheme_->prefix == WordScheme::Prefix::piece || scheme_->prefix == WordScheme::Prefix::gpt2_words;
  if (each) put_spaces();
  for (const Cut& by : last_) apply(by);
  for (std::string_view word : pieces_) {
    while (scheme_->characters && word.size() > kLongestText) {
      const std::size_t end = character_begin(word, kLongestText);
      sink(word.substr(0, end));
      word.remove_prefix(end);
    }
    sink(word);
  }
}

void WordCutter::put_spaces() {
  for (std::string_view& piece : pieces_)
    if (!piece.starts_with(' ')) piece = spaced_.emplace_back(" " + std::string(piece));
}

void WordCutter::split(const Cut& by, Matcher& matcher, std::string_view piece) {
  const auto keep = [this](std::string_view part, bool wanted) {
    if (wanted && !part.empty()) next_.push_back(part);
  };
  const bool matches = by.keep != Cut::Keep::rest, rest = by.keep != Cut::Keep::matches;
  for (std::size_t at = 0; at < piece.size();) {
    const auto found = matcher.find(piece, at);
    if (!found) {
      for (std::size_t n = 0; at < piece.size(); at += n) {
        n = first_word(piece.substr(at));
        keep(piece.substr(at, n), true);
      }
      return;
    }
    if (!*found) return keep(piece.substr(at), rest);
    keep(piece.substr(at, (*found)->begin - at), rest);
    keep(piece.substr((*found)->begin, (*found)->end - (*found)->begin), matches);
    at = (*found)->end;
  }
}

bool gets_space(const WordScheme& scheme, std::string_view text, bool first) {
  if (scheme.own || text.starts_with(' ')) return false;
  return scheme.prefix == WordScheme::Prefix::text_unless_space ||
         (scheme.prefix == WordScheme::Prefix::first_text && first);
}

std::string normalised(const WordScheme& scheme, std::string_view text) {
  std::string out;
  if (!scheme.own && scheme.characters) {
    const bool space = scheme.prefix == WordScheme::Prefix::text && !text.empty();
    return (space ? " " : "") + text_of_piece(text);
  }
  if (scheme.own || !scheme.nfc) return std::string(text);
  while (!text.empty()) {
    const Stretch stretch = first_stretch(text);
    const std::string_view good = text.substr(0, stretch.good);
    const auto composed = nfc(good);  // fails only where the text is larger than it takes
    out += composed ? std::string_view(*composed) : good;
    out += text.substr(stretch.good, stretch.bad);
    text.remove_prefix(stretch.good + stretch.bad);
  }
  return out;
}

}  // namespace cairn::text
