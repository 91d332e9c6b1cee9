// The words of tokenizer.json where its model has byte_fallback: SentencePiece's, as Llama 2 and Mistral have them.
#include <algorithm>
#include <array>

#include "text/huggingface_parts.h"
#include "text/huggingface_tokenizer.h"
#include "text/pieces.h"

namespace cairn::text {
namespace {

using Prefix = WordScheme::Prefix;

Json replace(std::string_view from, std::string_view to) {
  return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}
Json prepend() {
  return {{"type", "Prepend"}, {"prepend", kPieceSpace}};
}

Json metaspace(std::string_view scheme) {
  return {{"type", "Metaspace"}, {"replacement", kPieceSpace}, {"prepend_scheme", scheme}, {"split", false}};
}

// Prepend and Replace, either alone or in a sequence; whether there was a Replace.
Result<bool> read_normaliser(const Json& normaliser, WordScheme& out) {
  CAIRN_ASSIGN(const auto parts, parts_of(normaliser, "normalizers"));
  bool replaces = false;
  for (const Json* part : parts) {
    if (*part == prepend()) {
      out.prefix = Prefix::text;
    } else if (*part == replace(" ", kPieceSpace)) {
      replaces = true;
    } else {
      return unsupported_part("normalizer", *part);
    }
  }
  return replaces;
}

}  // namespace

Result<WordScheme> pieces_from_huggingface(const Json& normaliser, const Json& pre_tokeniser, bool whole_words) {
  WordScheme out{.own = false, .whole_words = whole_words, .characters = true};
  CAIRN_ASSIGN(const bool replaces, read_normaliser(normaliser, out));
  if (pre_tokeniser.is_null()) {
    if (!replaces) return unsupported_part("normalizer", normaliser);
    return out;
  }
  for (const auto& [scheme, prefix] :
       {std::pair{"never", Prefix::none}, {"always", Prefix::text_unless_space}, {"first", Prefix::first_text}}) {
    if (pre_tokeniser != metaspace(scheme)) continue;
    if (out.prefix == Prefix::none) out.prefix = prefix;  // else there is a space already
    return out;
  }
  return unsupported_part("pre_tokenizer", pre_tokeniser);
}

Status check_pieces_decoder(const Json& decoder) {
  constexpr std::array<std::string_view, 5> kKnown = {"Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"};
  CAIRN_ASSIGN(const auto parts, parts_of(decoder, "decoders"));
  for (const Json* part : parts)
    if (std::ranges::find(kKnown, type_of(*part)) == kKnown.end()) return unsupported_part("decoder", *part);
  return {};
}

Json pieces_normaliser_of(const WordScheme& words) {
  switch (words.prefix) {
    case Prefix::text:
      return {{"type", "Sequence"}, {"normalizers", Json::array({prepend(), replace(" ", kPieceSpace)})}};
    case Prefix::text_unless_space:
    case Prefix::first_text:
      return nullptr;
    default:
      return replace(" ", kPieceSpace);
  }
}

Json pieces_pre_tokeniser_of(const WordScheme& words) {
  switch (words.prefix) {
    case Prefix::text_unless_space:
      return metaspace("always");
    case Prefix::first_text:
      return metaspace("first");
    default:
      return nullptr;
  }
}

Json pieces_decoder_of(const WordScheme& words) {
  Json parts = Json::array({replace(kPieceSpace, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
  if (words.prefix != Prefix::none) parts.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"type", "Sequence"}, {"decoders", std::move(parts)}};
}

}  // namespace cairn::text
