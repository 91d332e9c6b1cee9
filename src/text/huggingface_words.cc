// The words of tokenizer.json: "normalizer" and "pre_tokenizer".
#include "text/huggingface_parts.h"
#include "text/huggingface_tokenizer.h"

namespace cairn::text {
namespace {

using Prefix = WordScheme::Prefix;

Json byte_level(bool prefix_space, bool words) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", prefix_space}, {"trim_offsets", true}, {"use_regex", words}};
}

Json split_of(std::string_view pattern, Cut::Keep keep) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", keep == Cut::Keep::all ? "Isolated" : "Removed"},
          {"invert", keep == Cut::Keep::matches}};
}

// A member that is true or false, or absent.
Result<bool> flag(const Json& part, const char* key, bool otherwise) {
  const auto found = part.find(key);
  if (found == part.end() || found->is_null()) return otherwise;
  if (!found->is_boolean()) return fail(ErrorCode::malformed, "\"{}\" is neither true nor false", key);
  return found->get<bool>();
}

Result<Cut> read_split(const Json& part) {
  const auto pattern = part.find("pattern");
  if (pattern == part.end() || !pattern->is_object() || pattern->size() != 1)
    return fail(ErrorCode::malformed, "a Split without its pattern");
  std::string source;
  if (pattern->contains("Regex")) {
    CAIRN_ASSIGN(source, get_string(*pattern, "Regex"));
  } else {
    CAIRN_ASSIGN(const std::string literal, get_string(*pattern, "String"));
    source = pattern_of_literal(literal);
  }
  CAIRN_ASSIGN(const std::string behaviour, get_string(part, "behavior"));
  CAIRN_ASSIGN(const bool invert, flag(part, "invert", false));
  if (behaviour != "Isolated" && behaviour != "Removed") return unsupported_part("behavior", behaviour);
  CAIRN_ASSIGN(Pattern made, Pattern::make(source));
  const Cut::Keep keep = behaviour == "Isolated" ? Cut::Keep::all : invert ? Cut::Keep::matches : Cut::Keep::rest;
  return Cut{std::move(made), keep};
}

Status read_byte_level(const Json& part, WordScheme& out) {
  CAIRN_ASSIGN(const bool prefix, flag(part, "add_prefix_space", true));
  CAIRN_ASSIGN(const bool words, flag(part, "use_regex", true));
  if (prefix) {
    out.prefix = words ? Prefix::gpt2_words : Prefix::piece;
  } else if (words) {
    CAIRN_ASSIGN(Pattern pattern, Pattern::make(kGpt2Pattern));
    out.splits.push_back({std::move(pattern)});
  }
  return {};
}

}  // namespace

Result<WordScheme> words_from_huggingface(const Json& normaliser, const Json& pre_tokeniser, bool whole_words) {
  WordScheme out{.own = false, .whole_words = whole_words};
  CAIRN_ASSIGN(const auto normalisers, parts_of(normaliser, "normalizers"));
  for (const Json* part : normalisers) {
    if (type_of(*part) != "NFC") return unsupported_part("normalizer", *part);
    out.nfc = true;
  }
  CAIRN_ASSIGN(const auto steps, parts_of(pre_tokeniser, "pretokenizers"));
  bool bytes = false;
  for (const Json* step : steps) {
    const std::string type = type_of(*step);
    if (bytes) return unsupported_part("pre_tokenizer after ByteLevel", *step);
    if (out.splits.size() >= kMostSplits)
      return fail(ErrorCode::unsupported, "\"pre_tokenizer\" of more than {} steps", kMostSplits);
    if (type == "Split") {
      CAIRN_ASSIGN(Cut cut, read_split(*step));
      out.splits.push_back(std::move(cut));
    } else if (type == "Digits") {
      CAIRN_ASSIGN(const bool each, flag(*step, "individual_digits", false));
      CAIRN_ASSIGN(Pattern pattern, Pattern::make(each ? R"(\p{N})" : R"(\p{N}+)"));
      out.splits.push_back({std::move(pattern)});
    } else if (type == "ByteLevel") {
      CAIRN_TRY(read_byte_level(*step, out));
      bytes = true;
    } else {
      return unsupported_part("pre_tokenizer", *step);
    }
  }
  if (!bytes) return fail(ErrorCode::unsupported, "\"pre_tokenizer\" has no ByteLevel: not a byte-level tokenizer");
  const bool own = !out.nfc && !whole_words && out.prefix == Prefix::none && out.splits.size() == 1 &&
                   out.splits[0].pattern.source() == kWordPattern && out.splits[0].keep == Cut::Keep::all;
  return own ? WordScheme{} : std::move(out);
}

Json normaliser_of(const WordScheme& words) {
  return !words.own && words.nfc ? Json{{"type", "NFC"}} : Json();
}

Json pre_tokeniser_of(const WordScheme& words) {
  Json steps = Json::array();
  if (words.own) {
    steps.push_back(split_of(kWordPattern, Cut::Keep::all));
  } else {
    for (const Cut& split : words.splits) steps.push_back(split_of(split.pattern.source(), split.keep));
  }
  const bool prefix = !words.own && words.prefix != Prefix::none;
  steps.push_back(byte_level(prefix, prefix && words.prefix == Prefix::gpt2_words));
  return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

}  // namespace cairn::text
