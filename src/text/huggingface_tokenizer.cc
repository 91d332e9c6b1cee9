#include "text/huggingface_tokenizer.h"

#include <algorithm>

#include "base/json.h"
#include "text/pieces.h"
#include "text/printable.h"

namespace cairn::text {
namespace {

tl::unexpected<Error> malformed(std::string_view text) {
  return fail(ErrorCode::malformed, "{}", text);
}
tl::unexpected<Error> unsupported(std::string_view text) {
  return fail(ErrorCode::unsupported, "{}", text);
}

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool is_true(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value && *value == true;
}

// Puts a name at its id. What the model's vocabulary and the added tokens both name is an added token.
Status place(TokenLists& lists, const std::string& name, const Json& id, TokenKind kind) {
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= kLargestVocabulary) {
    return unsupported(
        fmt::format("a token's id is {}, expected a number below {}", canonical(id).substr(0, 32), kLargestVocabulary));
  }
  if (name.empty()) return malformed(fmt::format("token {} has no text", canonical(id)));
  const auto at = id.get<std::size_t>();
  if (at >= lists.tokens.size()) {
    lists.tokens.resize(at + 1);
    lists.kinds.resize(at + 1);
  }
  if (!lists.tokens[at].empty() && lists.tokens[at] != name)
    return malformed(fmt::format("two tokens have the id {}", at));
  lists.tokens[at] = name;
  if (kind != TokenKind::ordinary) lists.kinds[at] = kind;
  return {};
}

Status read_added(const Json& token, TokenLists& lists) {
  const Json *content = member(token, "content"), *id = member(token, "id");
  if (!content || !id || !content->is_string()) return malformed("an added token without content and id");
  const bool special = is_true(token, "special");
  for (const char* key : {"single_word", "lstrip", "rstrip"})
    if (!special && is_true(token, key))
      return unsupported(
          fmt::format("the added token '{}' with \"{}\"", content->get<std::string>().substr(0, 64), key));
  const TokenKind kind = special                        ? TokenKind::special
                         : is_true(token, "normalized") ? TokenKind::added_normalised
                                                        : TokenKind::added;
  return place(lists, content->get<std::string>(), *id, kind);
}

Status read_tokens(const Json& file, const Json& model, TokenLists& lists) {
  const Json* vocabulary = member(model, "vocab");
  if (!vocabulary || !vocabulary->is_object()) return malformed("no object \"vocab\" in the model");
  for (const auto& item : vocabulary->items()) CAIRN_TRY(place(lists, item.key(), item.value(), TokenKind::ordinary));
  if (const Json* added = member(file, "added_tokens"); added && added->is_array())
    for (const Json& token : *added) CAIRN_TRY(read_added(token, lists));
  return {};
}

// "left right", or a pair of strings as newer versions write.
Status read_merges(const Json& model, TokenLists& lists) {
  const Json* merges = member(model, "merges");
  if (!merges || !merges->is_array()) return malformed("no list \"merges\" in the model");
  for (const Json& merge : *merges) {
    if (merge.is_string()) {
      auto read = merge_from_text(merge.get_ref<const std::string&>());
      if (!read) return malformed(fmt::format("merge {}: {}", lists.merges.size(), read.error().message));
      lists.merges.push_back(std::move(*read));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      lists.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    } else {
      return malformed(fmt::format("merge {}: expected two words", lists.merges.size()));
    }
  }
  return {};
}

// The special that a template puts before a text: the first piece of "single" in a TemplateProcessing.
std::optional<std::string> begin_of(const Json& post_processor) {
  if (const Json* processors = member(post_processor, "processors"); processors && processors->is_array())
    for (const Json& one : *processors)
      if (auto found = begin_of(one)) return found;
  const Json* single = member(post_processor, "single");
  if (!single || !single->is_array() || single->empty()) return std::nullopt;
  const Json* special = member(single->front(), "SpecialToken");
  const Json* id = special ? member(*special, "id") : nullptr;
  return id && id->is_string() ? std::optional(id->get<std::string>()) : std::nullopt;
}

Result<WordScheme> read_words(const Json& file, const Json& model) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
    const Json* value = member(model, key);
    if (value && *value != "" && *value != false && *value != 0)
      return fail(ErrorCode::unsupported, "\"{}\" is {}", key, canonical(*value).substr(0, 32));
  }
  const bool pieces = is_true(model, "byte_fallback");
  if (const Json* decoder = member(file, "decoder")) {
    if (pieces) {
      CAIRN_TRY(check_pieces_decoder(*decoder));
    } else if (!member(*decoder, "type") || *member(*decoder, "type") != "ByteLevel") {
      return fail(ErrorCode::unsupported, "\"decoder\" is {}, expected ByteLevel", canonical(*decoder).substr(0, 64));
    }
  }
  const Json *normaliser = member(file, "normalizer"), *words = member(file, "pre_tokenizer");
  return (pieces ? pieces_from_huggingface : words_from_huggingface)(
      normaliser ? *normaliser : Json(), words ? *words : Json(), is_true(model, "ignore_merges"));
}

// The whole of tokenizer.json.
Result<Tokenizer> read_file(const Json& file, std::optional<TokenId> end) {
  const Json* model = member(file, "model");
  if (!model) return malformed("no object \"model\"");
  // Files of the library's first years do not say which model they hold; merges are BPE's alone.
  const Json* type = member(*model, "type");
  if (type ? *type != "BPE" : !member(*model, "merges")) {
    return unsupported(
        fmt::format("a tokenizer of type {}, expected \"BPE\"", type ? canonical(*type).substr(0, 32) : "null"));
  }
  TokenUse use{.end = end};
  CAIRN_ASSIGN(use.words, read_words(file, *model));
  TokenLists lists;
  CAIRN_TRY(read_tokens(file, *model, lists));
  CAIRN_TRY(read_merges(*model, lists));
  for (std::size_t id = 0; use.words.characters && id < lists.tokens.size(); ++id)
    if (lists.kinds[id] == TokenKind::ordinary && byte_of_piece(lists.tokens[id])) lists.kinds[id] = TokenKind::byte;
  if (const Json* post = member(file, "post_processor")) {
    if (const auto begin = begin_of(*post)) {
      const auto found = std::ranges::find(lists.tokens, *begin);
      if (found == lists.tokens.end()) return malformed("its template begins with what is no token");
      use.begin = static_cast<TokenId>(found - lists.tokens.begin());
    }
  }
  return tokenizer_of(lists, std::move(use));
}

// One a line; the first line may be the layout's version.
Json lines_of_merges(std::string_view text) {
  Json out = Json::array();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !(at == 0 && line.starts_with("#version"))) out.push_back(line);
    at = end + 1;
  }
  return out;
}

Json added_token(const TokenLists& lists, std::size_t id) {
  return {{"id", id},
          {"content", lists.tokens[id]},
          {"single_word", false},
          {"lstrip", false},
          {"rstrip", false},
          {"normalized", lists.kinds[id] == TokenKind::added_normalised},
          {"special", lists.kinds[id] == TokenKind::special}};
}

// What puts the token that begins a text before it, where there is one.
Json post_processor_of(const Tokenizer& tokenizer) {
  if (tokenizer.begin_of_text() == tokenizer.end_of_text()) return nullptr;
  const std::string name(tokenizer.bytes_of(tokenizer.begin_of_text()));
  const Json special = {{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  const auto sequence = [](const char* id, int type) { return Json{{"Sequence", {{"id", id}, {"type_id", type}}}}; };
  return {
      {"type", "TemplateProcessing"},
      {"single", Json::array({special, sequence("A", 0)})},
      {"pair", Json::array({special, sequence("A", 0), special, sequence("B", 1)})},
      {"special_tokens",
       {{name, {{"id", name}, {"ids", Json::array({tokenizer.begin_of_text()})}, {"tokens", Json::array({name})}}}}}};
}

}  // namespace

Result<std::string> to_huggingface(const Tokenizer& tokenizer) {
  CAIRN_ASSIGN(const TokenLists lists, lists_of(tokenizer));
  Json vocabulary = Json::object(), added = Json::array();
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    if (lists.tokens[id].empty()) continue;
    vocabulary[lists.tokens[id]] = id;
    if (lists.kinds[id] != TokenKind::ordinary && lists.kinds[id] != TokenKind::byte)
      added.push_back(added_token(lists, id));
  }
  const WordScheme& words = tokenizer.words();
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  const bool pieces = words.characters;
  Json model = {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", pieces && tokenizer.special(kUnknown) ? Json(kUnknown) : Json()},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", pieces},
                {"byte_fallback", pieces},
                {"vocab", std::move(vocabulary)},
                {"merges", Json::array()}};
  for (const auto& merge : lists.merges) model["merges"].push_back(merge_text(merge));
  if (words.whole_words) model["ignore_merges"] = true;
  const Json file = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", std::move(added)},
                     {"normalizer", pieces ? pieces_normaliser_of(words) : normaliser_of(words)},
                     {"pre_tokenizer", pieces ? pieces_pre_tokeniser_of(words) : pre_tokeniser_of(words)},
                     {"post_processor", post_processor_of(tokenizer)},
                     {"decoder", pieces ? pieces_decoder_of(words) : bytes},
                     {"model", std::move(model)}};
  return file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Tokenizer> tokenizer_from_huggingface(std::string_view json, std::optional<TokenId> end) {
  constexpr std::string_view kWhat = "tokenizer.json";
  const auto file = parse_json(json);
  if (!file) return fail(Error(file.error()).within(kWhat));
  auto made = read_file(*file, end);
  if (!made) return fail(std::move(made).error().within(kWhat));
  return made;
}

Result<Tokenizer> tokenizer_from_gpt2(std::string_view vocabulary, std::string_view merges,
                                      std::optional<TokenId> end) {
  auto words = parse_json(vocabulary);
  if (!words) return fail(std::move(words).error().within("vocab.json"));
  Json added = Json::array();
  if (words->is_object())
    for (const auto& [name, id] : words->items())
      if (end ? id == *end : name == kEndOfText) added.push_back({{"content", name}, {"id", id}, {"special", true}});
  const Json file = {{"added_tokens", std::move(added)},
                     {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
                     {"model", {{"type", "BPE"}, {"vocab", std::move(*words)}, {"merges", lines_of_merges(merges)}}}};
  auto made = read_file(file, end);
  if (!made) return fail(std::move(made).error().within("vocab.json and merges.txt"));
  return made;
}

}  // namespace cairn::text
