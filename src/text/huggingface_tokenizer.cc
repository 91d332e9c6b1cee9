#include "text/huggingface_tokenizer.h"

#include "base/json.h"
#include "text/printable.h"

namespace cairn::text {
namespace {

constexpr std::string_view kWhat = "tokenizer.json";

Json word_splitter() {
  const Json split = {
      {"type", "Split"}, {"pattern", {{"Regex", kWordPattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
}

tl::unexpected<Error> malformed(std::string_view text) {
  return fail(ErrorCode::malformed, "{}: {}", kWhat, text);
}
tl::unexpected<Error> unsupported(std::string_view text) {
  return fail(ErrorCode::unsupported, "{}: {}", kWhat, text);
}

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Puts a name at its id.
Status place(TokenLists& lists, std::vector<bool>& filled, const std::string& name, const Json& id, bool special) {
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= kLargestVocabulary) {
    return unsupported(
        fmt::format("a token's id is {}, expected a number below {}", canonical(id).substr(0, 32), kLargestVocabulary));
  }
  const auto at = id.get<std::size_t>();
  if (at >= lists.tokens.size()) {
    lists.tokens.resize(at + 1);
    lists.special.resize(at + 1);
    filled.resize(at + 1);
  }
  if (filled[at] && lists.tokens[at] != name) return malformed(fmt::format("two tokens have the id {}", at));
  lists.tokens[at] = name;
  lists.special[at] = lists.special[at] || special;
  filled[at] = true;
  return {};
}

Status read_tokens(const Json& file, const Json& model, TokenLists& lists) {
  std::vector<bool> filled;
  const Json* vocabulary = member(model, "vocab");
  if (!vocabulary || !vocabulary->is_object()) return malformed("no object \"vocab\" in the model");
  for (const auto& item : vocabulary->items()) CAIRN_TRY(place(lists, filled, item.key(), item.value(), false));
  if (const Json* added = member(file, "added_tokens"); added && added->is_array()) {
    for (const Json& token : *added) {
      const Json *content = member(token, "content"), *id = member(token, "id"), *special = member(token, "special");
      if (!content || !id || !content->is_string()) return malformed("an added token without content and id");
      if (!special || *special != true) return unsupported("an added token that is no special");
      CAIRN_TRY(place(lists, filled, content->get<std::string>(), *id, true));
    }
  }
  for (std::size_t id = 0; id < filled.size(); ++id)
    if (!filled[id]) return malformed(fmt::format("no token has the id {}", id));
  return {};
}

// "left right", or a pair of strings as newer versions write.
Status read_merges(const Json& model, TokenLists& lists) {
  const Json* merges = member(model, "merges");
  if (!merges || !merges->is_array()) return malformed("no list \"merges\" in the model");
  for (const Json& merge : *merges) {
    if (merge.is_string()) {
      lists.merges.push_back(merge.get<std::string>());
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      lists.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    } else {
      return malformed(fmt::format("merge {}: expected two words", lists.merges.size()));
    }
  }
  return {};
}

}  // namespace

Result<std::string> to_huggingface(const Tokenizer& tokenizer) {
  CAIRN_ASSIGN(const TokenLists lists, lists_of(tokenizer));
  Json vocabulary = Json::object(), added = Json::array();
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    vocabulary[lists.tokens[id]] = id;
    if (lists.special[id])
      added.push_back({{"id", id},
                       {"content", lists.tokens[id]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", true}});
  }
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  const Json model = {{"type", "BPE"},
                      {"dropout", nullptr},
                      {"unk_token", nullptr},
                      {"continuing_subword_prefix", nullptr},
                      {"end_of_word_suffix", nullptr},
                      {"fuse_unk", false},
                      {"byte_fallback", false},
                      {"vocab", std::move(vocabulary)},
                      {"merges", lists.merges}};
  const Json file = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", std::move(added)},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", word_splitter()},
                     {"post_processor", nullptr},
                     {"decoder", bytes},
                     {"model", model}};
  return file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Tokenizer> tokenizer_from_huggingface(std::string_view text) {
  auto file = parse_json(text);
  if (!file) return fail(std::move(file).error().within(kWhat));
  const Json* model = member(*file, "model");
  if (!model) return malformed("no object \"model\"");
  const Json* type = member(*model, "type");
  if (!type || *type != "BPE") {
    return unsupported(
        fmt::format("a tokenizer of type {}, expected \"BPE\"", type ? canonical(*type).substr(0, 32) : "null"));
  }
  if (member(*file, "normalizer")) return unsupported("it changes text before cutting it (\"normalizer\")");
  for (const char* key : {"unk_token", "continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
    const Json* value = member(*model, key);
    if (value && *value != "") return unsupported(fmt::format("\"{}\" is {}", key, canonical(*value).substr(0, 32)));
  }
  const Json* words = member(*file, "pre_tokenizer");
  if (!words || *words != word_splitter()) return unsupported("its words (\"pre_tokenizer\") are not those of Cairn");
  TokenLists lists;
  CAIRN_TRY(read_tokens(*file, *model, lists));
  CAIRN_TRY(read_merges(*model, lists));
  auto made = tokenizer_of(lists);
  if (!made) return fail(std::move(made).error().within(kWhat));
  return made;
}

}  // namespace cairn::text
