// Token shards (docs/formats/shard.md): tokens of 16 bits, or of 32 where the
// vocabulary needs them, one document after the other, each closed by the end-of-text
// token. Memory-mapped and read in place. Not compressed, not encrypted: that is the blob store's business. A Shard is
// immutable and may be read by any number of threads; views into it must not outlive it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/tokens.h"
#include "data/record.h"
#include "text/tokenizer.h"

namespace cairn::data {

class Shard {
 public:
  // Maps the file. malformed: not a shard, cut short, a wrong check, a token outside the vocabulary, a last document
  // that is not closed.
  static Result<Shard> open(const std::filesystem::path& path);
  // Takes the bytes; the same checks.
  static Result<Shard> parse(Bytes bytes);

  Tokens tokens() const { return tokens_; }
  std::uint64_t documents() const { return documents_; }
  std::uint32_t vocabulary() const { return vocabulary_; }
  TokenId end_of_text() const { return end_of_text_; }
  const Digest& tokenizer() const { return tokenizer_; }  // of the tokenizer that made the tokens

 private:
  Status read(ByteView bytes);
  MappedFile file_;
  Bytes bytes_;
  Tokens tokens_;
  std::uint64_t documents_ = 0;
  std::uint32_t vocabulary_ = 0;
  TokenId end_of_text_ = 0;
  Digest tokenizer_;
};

class ShardWriter {
 public:
  explicit ShardWriter(const text::Tokenizer& tokenizer)
      : tokenizer_(&tokenizer), encoder_(tokenizer), tokens_(tokenizer.vocabulary()) {}
  // The document's tokens and the end of text; in front what begins a text, where that is another token. The tokenizer
  // must outlive the writer.
  void add(std::string_view document);
  Tokens tokens() const { return tokens_; }
  // The file's bytes.
  Bytes finish() const;

 private:
  const text::Tokenizer* tokenizer_;
  text::Encoder encoder_;
  std::vector<TokenId> document_;
  TokenBuffer tokens_;
  std::uint64_t documents_ = 0;
};

// Sequences of T+1 tokens for training with context T: sequence i is tokens [i*T, i*T + T], so that every token but the
// first is predicted once and neighbours share one token. What is left over at the end is not used.
class Sequences {
 public:
  Sequences(Tokens tokens, std::size_t context) : tokens_(tokens), context_(context) {}
  std::size_t count() const { return tokens_.empty() || context_ == 0 ? 0 : (tokens_.size() - 1) / context_; }
  std::size_t context() const { return context_; }
  // [T+1]; i below count().
  Tokens operator[](std::size_t i) const { return tokens_.subspan(i * context_, context_ + 1); }

 private:
  Tokens tokens_;
  std::size_t context_;
};

// Which side of the split a record is on: by its id alone, so that neither order nor other records can move it.
enum class Split { train, heldout };
Split split_of(const RecordId& id, unsigned heldout_per_thousand);

// The order of documents in a shard: a shuffle by digest of (seed, id), the same whatever order the records come in.
// Indices into `records`.
std::vector<std::size_t> shard_order(std::span<const Record> records, std::uint64_t seed);

}  // namespace cairn::data
