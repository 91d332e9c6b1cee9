// Learns the merges of a Tokenizer from a stream of documents.
// The result depends on the documents' contents alone: not on their order, on hash tables, or on threads. Ties go to
// the pair whose bytes come first. Not thread-safe: one trainer, one thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "text/tokenizer.h"

namespace cairn::text {

struct TokenizerSettings {
  std::size_t vocabulary = 4096;  // bytes, merges and specials together; at least 256 + specials
  std::uint64_t least_count = 2;  // a pair seen less often is not merged: the vocabulary then stays smaller than asked
  std::vector<std::string> specials = default_specials();
};

class TokenizerTrainer {
 public:
  // Counts the words of a document; keeps each distinct word once.
  void add(std::string_view document);
  std::uint64_t bytes() const { return bytes_; }

  // invalid: a vocabulary too small or above kLargestVocabulary, or bad specials. May be called again with other
  // settings.
  Result<Tokenizer> train(const TokenizerSettings& settings) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> words_;
  std::uint64_t bytes_ = 0;
};

}  // namespace cairn::text
