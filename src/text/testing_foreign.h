// For tests: small tokenizer.json files in the layouts that families of models have, and what their tokens are by the
// definition of byte-pair merging, with no cleverness.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "text/printable.h"

namespace cairn::text::testing_foreign {

inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct Foreign {
  std::vector<std::string> ids;                             // bytes or names, by id
  std::vector<std::pair<std::string, std::string>> merges;  // of bytes, earliest first
  Json file;

  TokenId id(std::string_view bytes) const {
    return static_cast<TokenId>(std::find(ids.begin(), ids.end(), bytes) - ids.begin());
  }
  // The earliest merge that fits, of equals the leftmost, again and again; from bytes, or from the characters that are
  // tokens and the others' bytes.
  std::vector<TokenId> tokens_of(const std::vector<std::string>& words, bool whole_words = false,
                                 bool characters = false) const {
    std::vector<TokenId> out;
    for (const std::string& word : words) {
      std::vector<std::string> parts;
      for (std::size_t at = 0, length = 1; at < word.size(); at += length) {
        length = characters ? first_code_point(std::string_view(word).substr(at)).length : 1;
        const std::string symbol = word.substr(at, length);
        if (!characters || id(symbol) < ids.size()) {
          parts.push_back(symbol);
        } else {
          for (const char c : symbol) parts.push_back(fmt::format("<0x{:02X}>", static_cast<std::uint8_t>(c)));
        }
      }
      if (whole_words && std::find(ids.begin(), ids.end(), word) != ids.end()) parts = {word};
      for (const auto* merge = &merges.front(); merge != nullptr && parts.size() > 1;) {
        merge = nullptr;
        for (const auto& tried : merges) {
          std::size_t i = 0;
          while (i + 1 < parts.size() && !(parts[i] == tried.first && parts[i + 1] == tried.second)) ++i;
          if (i + 1 >= parts.size()) continue;
          merge = &tried;
          parts[i] += parts[i + 1];
          parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          break;
        }
      }
      for (const std::string& part : parts) out.push_back(id(part));
    }
    return out;
  }
};

inline Json byte_level(bool prefix_space, bool words) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", prefix_space}, {"trim_offsets", true}, {"use_regex", words}};
}
inline Json split(std::string_view pattern, const char* behaviour = "Isolated", bool invert = false) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behaviour}, {"invert", invert}};
}
inline Json sequence(const char* list, Json parts) {
  return {{"type", "Sequence"}, {list, std::move(parts)}};
}
inline Json added(std::size_t id, std::string_view content, bool special, bool normalised = false) {
  return {{"id", id},        {"content", content},       {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", normalised}, {"special", special}};
}

// A file whose bytes come in the order of their printable letters, as GPT-2's do, then what merges make, then " the",
// which no merge makes, and whatever was added.
inline Foreign foreign(
    Json pre_tokenizer, std::vector<std::pair<std::string, bool>> more = {{"<|endoftext|>", true}},
    bool (*without)(std::uint8_t byte) = [](std::uint8_t) { return false; }) {
  Foreign out;
  std::map<std::string, std::string> letters;
  for (int b = 0; b < 256; ++b) letters[printable(std::string(1, static_cast<char>(b)))] = static_cast<char>(b);
  for (const auto& [letter, byte] : letters)
    if (!without(static_cast<std::uint8_t>(byte[0]))) out.ids.push_back(byte);
  out.merges = {{"l", "o"},  {" ", "w"},     {"o", "r"},   {"lo", " w"},  {"e", "l"},  {"H", "el"}, {"\xC3", "\xA9"},
                {"2", "0"},  {"20", "2"},    {" w", "or"}, {"i", "t"},    {" ", "it"}, {"'", "s"},  {"\n", "\n"},
                {"!", "\n"}, {" wor", "ld"}, {"l", "d"},   {"Hel", "lo"}, {" ", " "},  {"x", "y"}};
  for (const auto& [left, right] : out.merges) out.ids.push_back(left + right);
  out.ids.emplace_back(" the");
  Json vocabulary = Json::object(), merges = Json::array(), added_tokens = Json::array();
  for (std::size_t id = 0; id < out.ids.size(); ++id) vocabulary[printable(out.ids[id])] = id;
  for (const auto& [left, right] : out.merges) merges.push_back(printable(left) + " " + printable(right));
  for (const auto& [name, special] : more) {
    added_tokens.push_back(added(out.ids.size(), name, special));
    out.ids.push_back(name);
  }
  out.file = {{"version", "1.0"},
              {"truncation", nullptr},
              {"padding", nullptr},
              {"added_tokens", added_tokens},
              {"normalizer", nullptr},
              {"pre_tokenizer", std::move(pre_tokenizer)},
              {"post_processor", nullptr},
              {"decoder", byte_level(true, true)},
              {"model",
               {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", nullptr},
                {"continuing_subword_prefix", ""},
                {"end_of_word_suffix", ""},
                {"fuse_unk", false},
                {"vocab", vocabulary},
                {"merges", merges}}}};
  return out;
}

inline Foreign gpt2() {
  Foreign out = foreign(byte_level(false, true));
  out.file["pre_tokenizer"].erase("use_regex");  // as its own file has it
  out.file["model"].erase("type");
  return out;
}
// Whether no well-formed UTF-8 has this byte.
constexpr bool never_in_utf8(std::uint8_t byte) {
  return byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;
}

// Bytes that no UTF-8 has are no tokens there.
inline Foreign pythia() {
  Foreign out =
      foreign(byte_level(false, true), {{"<|endoftext|>", true}, {"<|padding|>", true}, {"    ", false}, {"  ", false}},
              never_in_utf8);
  for (Json& token : out.file["added_tokens"]) token["normalized"] = token["special"] == false;
  out.file["normalizer"] = {{"type", "NFC"}};
  return out;
}
inline Foreign llama3() {
  Foreign out = foreign(sequence("pretokenizers", {split(kLlama3Pattern), byte_level(false, false)}),
                        {{"<|begin_of_text|>", true}, {"<|end_of_text|>", true}});
  const Json begin = {{"SpecialToken", {{"id", "<|begin_of_text|>"}, {"type_id", 0}}}};
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  out.file["post_processor"] = sequence(
      "processors",
      {byte_level(true, false),
       {{"type", "TemplateProcessing"},
        {"single", {begin, text}},
        {"pair", {begin, text}},
        {"special_tokens",
         {{"<|begin_of_text|>",
           {{"id", "<|begin_of_text|>"}, {"ids", {out.ids.size() - 2}}, {"tokens", {"<|begin_of_text|>"}}}}}}}});
  out.file["model"]["ignore_merges"] = true;
  return out;
}
inline Foreign qwen2() {
  Foreign out = foreign(sequence("pretokenizers", {split(kQwen2Pattern), byte_level(false, false)}),
                        {{"<|endoftext|>", true}, {"<|im_start|>", true}, {"<tool_call>", false}});
  out.file["normalizer"] = {{"type", "NFC"}};
  out.file["model"]["ignore_merges"] = false;
  out.file["model"]["byte_fallback"] = false;
  return out;
}
inline Foreign smollm() {
  return foreign(
      sequence("pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, byte_level(false, true)}));
}

// Of SentencePiece's kind: the specials, the bytes, what merges make by falling score, then the characters.
inline Foreign llama2() {
  constexpr std::string_view kSpace = "\xE2\x96\x81";
  Foreign out;
  out.ids = {"<unk>", "<s>", "</s>"};
  for (int b = 0; b < 256; ++b) out.ids.push_back(fmt::format("<0x{:02X}>", b));
  const std::vector<std::string> made = {
      " t", "he", " the", "lo", "ll", "  ", "Hel", "el", "Hello", "\xC3\xA9\xC3\xA9", "   ", "    "};
  for (const std::string& token : made) out.ids.push_back(token);
  for (const char* character : {" ", "t", "h", "e", "l", "o", "H", "x", "\xC3\xA9", "\xE4\xB8\x80"})
    out.ids.emplace_back(character);
  const auto written = [&](std::string_view text) {
    std::string name;
    for (const char c : text) name += c == ' ' ? std::string(kSpace) : std::string(1, c);
    return name;
  };
  Json vocabulary = Json::object(), merges = Json::array(), added_tokens = Json::array();
  for (std::size_t id = 0; id < out.ids.size(); ++id) vocabulary[written(out.ids[id])] = id;
  // Of one token's pairs the one whose left part has the lowest id first, as in the files of that family.
  for (const std::string& token : made)
    for (TokenId left = 0; left < out.ids.size(); ++left) {
      const std::string& begin = out.ids[left];
      if (begin.size() >= token.size() || !token.starts_with(begin)) continue;
      const std::string end = token.substr(begin.size());
      if (out.id(end) == out.ids.size()) continue;
      out.merges.emplace_back(begin, end);
      merges.push_back(written(begin) + " " + written(end));
    }
  for (std::size_t id = 0; id < 3; ++id) added_tokens.push_back(added(id, out.ids[id], true));
  const Json replace = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpace}};
  const Json begin = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
  out.file = {
      {"version", "1.0"},
      {"added_tokens", added_tokens},
      {"normalizer", sequence("normalizers", {{{"type", "Prepend"}, {"prepend", kSpace}}, replace})},
      {"pre_tokenizer", nullptr},
      {"post_processor",
       {{"type", "TemplateProcessing"}, {"single", {begin, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}}}},
      {"decoder", sequence("decoders", {{{"type", "Replace"}, {"pattern", {{"String", kSpace}}}, {"content", " "}},
                                        {{"type", "ByteFallback"}},
                                        {{"type", "Fuse"}},
                                        {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}})},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", "<unk>"},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", true},
        {"byte_fallback", true},
        {"vocab", vocabulary},
        {"merges", merges}}}};
  return out;
}

}  // namespace cairn::text::testing_foreign
