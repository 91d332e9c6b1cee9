// Prints what text/ makes of documents: `tokens TOKENIZER.json`, or `tokens VOCAB.json MERGES.txt`. On standard input
// the documents, each ended by the byte 0xFF, which no UTF-8 has; on standard output a line of ids for each. For
// check.py. Exit code 1: what cannot be read, or a document that does not come back from its tokens.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "base/files.h"
#include "text/huggingface_tokenizer.h"

namespace cairn {
namespace {

Result<text::Tokenizer> read(int count, char** paths) {
  CAIRN_ASSIGN(const std::string first, read_text(paths[1]));
  if (count == 2) return text::tokenizer_from_huggingface(first);
  CAIRN_ASSIGN(const std::string merges, read_text(paths[2]));
  return text::tokenizer_from_gpt2(first, merges);
}

int run(int count, char** paths) {
  const auto tokenizer = read(count, paths);
  if (!tokenizer) {
    fmt::print(stderr, "{}\n", tokenizer.error().message);
    return 1;
  }
  const std::string all{std::istreambuf_iterator<char>(std::cin), {}};
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\xFF', at), all.size());
    const std::string_view document = std::string_view(all).substr(at, end - at);
    const std::vector<TokenId> ids = tokenizer->encode(document);
    if (tokenizer->exact() && tokenizer->decode(ids).value() != document) {
      fmt::print(stderr, "lost: {}\n", document);
      return 1;
    }
    fmt::print("{}\n", fmt::join(ids, " "));
    at = end + 1;
  }
  return 0;
}

}  // namespace
}  // namespace cairn

int main(int argc, char** argv) {
  if (argc == 2 || argc == 3) return cairn::run(argc, argv);
  fmt::print(stderr, "usage: tokens TOKENIZER.json | tokens VOCAB.json MERGES.txt\n");
  return 2;
}
