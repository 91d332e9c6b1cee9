// Tokenizers: Cairn's own file, tokenizer.json, vocab.json and merges.txt (with a zero byte between them). The first
// byte says which, and whether the model names its end.
#include "text/tokenizer.h"

#include "fuzz/target.h"
#include "text/huggingface_tokenizer.h"
#include "text/testing_foreign.h"
#include "text/tokenizer_training.h"

namespace cairn::fuzz {
namespace {

constexpr std::string_view kText = "the theme of them all, 1234 \xC3\xA9t\xC3\xA9; \xFF\n";

constexpr TokenId kEnd = 2;

text::Tokenizer example() {
  return text::Tokenizer::make({{'t', 'h'}, {256, 'e'}, {' ', 257}, {0xC3, 0xA9}}, text::default_specials()).value();
}

Result<text::Tokenizer> read_any(char kind, std::string_view text) {
  const std::size_t cut = std::min(text.find('\0'), text.size());
  if (kind == 'c') return text::Tokenizer::parse(text);
  if (kind == '2') return text::tokenizer_from_gpt2(text.substr(0, cut), text.substr(std::min(cut + 1, text.size())));
  return text::tokenizer_from_huggingface(text, kind == 'e' ? std::optional(kEnd) : std::nullopt);
}

}  // namespace

std::vector<Bytes> examples() {
  const text::Tokenizer tokenizer = example();
  std::vector<Bytes> out = {to_bytes("c" + tokenizer.to_json()),
                            to_bytes("h" + text::to_huggingface(tokenizer).value())};
  namespace foreign = text::testing_foreign;
  for (const foreign::Foreign& made : {foreign::gpt2(), foreign::pythia(), foreign::qwen2(), foreign::smollm()}) {
    const std::string file = made.file.dump();
    out.push_back(to_bytes("c" + text::tokenizer_from_huggingface(file).value().to_json()));
    out.push_back(to_bytes("h" + file));
  }
  Json two = foreign::gpt2().file["model"];
  two["vocab"]["<|endoftext|>"] = two["vocab"].size();
  std::string both = "2" + two["vocab"].dump() + '\0';
  for (const Json& merge : two["merges"]) both += merge.get<std::string>() + "\n";
  out.push_back(to_bytes(both));
  const std::string pieces = foreign::llama2().file.dump();
  out.push_back(to_bytes("c" + text::tokenizer_from_huggingface(pieces, kEnd).value().to_json()));
  out.push_back(to_bytes("e" + pieces));
  return out;
}

// Whatever is accepted gives any text back, unless it says that it changes text, and comes back from its own file.
void consume(ByteView bytes) {
  if (bytes.empty()) return;
  const auto read = read_any(static_cast<char>(bytes[0]), as_text(bytes.subspan(1)));
  if (!read) return;
  const auto tokens = read->encode(kText);
  for (const auto token : tokens) CAIRN_CHECK(token < read->vocabulary());
  const std::string back = read->decode(tokens).value();
  if (read->exact()) CAIRN_CHECK(back == kText);
  const auto again = text::Tokenizer::parse(read->to_json());
  CAIRN_CHECK(again && again->digest() == read->digest());
}

}  // namespace cairn::fuzz
