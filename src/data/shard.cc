#include "data/shard.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace cairn::data {
namespace {

constexpr std::string_view kMagic = "CAIRNTOK";
// Of 16-bit tokens, which a vocabulary that they hold always has, and of 32-bit tokens.
constexpr std::uint32_t kNarrow = 1, kWide = 2;

std::uint32_t version_of(std::uint64_t vocabulary) {
  return vocabulary > kNarrowVocabulary ? kWide : kNarrow;
}

// 128 bytes, so that the tokens behind it are aligned in a mapped file.
struct Head {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t vocabulary = 0;
  std::uint64_t tokens = 0;
  std::uint64_t documents = 0;
  TokenId end_of_text = 0;
  std::array<std::uint8_t, 28> zero{};
  std::array<std::uint8_t, 32> tokenizer{};
  std::array<std::uint8_t, 32> check{};  // SHA-256 of the head with this field zero, and the tokens
};
static_assert(sizeof(Head) == 128 && std::is_trivially_copyable_v<Head>);

std::array<std::uint8_t, 32> check_of(Head head, ByteView tokens) {
  head.check = {};
  Bytes raw;
  append(raw, head);
  Sha256 hash;
  hash.update(raw);
  hash.update(tokens);
  return hash.finish().bytes;
}

}  // namespace

Result<Shard> Shard::open(const std::filesystem::path& path) {
  Shard shard;
  CAIRN_ASSIGN(shard.file_, MappedFile::open(path));
  if (auto read = shard.read(shard.file_.bytes()); !read) return fail(std::move(read).error().within(path.string()));
  return shard;
}

Result<Shard> Shard::parse(Bytes bytes) {
  Shard shard;
  shard.bytes_ = std::move(bytes);  // a vector's memory stays where it is when the Shard is moved
  CAIRN_TRY(shard.read(shard.bytes_));
  return shard;
}

Status Shard::read(ByteView bytes) {
  ByteReader reader(bytes);
  const auto head = reader.read<Head>();
  if (!head || std::string_view(head->magic.data(), 8) != kMagic)
    return fail(ErrorCode::malformed, "not a token shard: expected \"{}\" in front", kMagic);
  if (head->version != kNarrow && head->version != kWide)
    return fail(ErrorCode::malformed, "a token shard of version {}: expected {} or {}", head->version, kNarrow, kWide);
  if (head->version != version_of(head->vocabulary))
    return fail(ErrorCode::malformed,
                "a token shard of version {} and {} tokens in the vocabulary: expected version {}", head->version,
                head->vocabulary, version_of(head->vocabulary));
  const std::size_t width = token_bytes(head->vocabulary);
  if (head->tokens > reader.left() / width || head->tokens * width != reader.left())
    return fail(ErrorCode::malformed, "a token shard of {} tokens: expected {} bytes of them, got {}", head->tokens,
                head->tokens * width, reader.left());
  const ByteView raw = bytes.subspan(sizeof(Head));
  if (check_of(*head, raw) != head->check)
    return fail(ErrorCode::malformed, "the token shard's bytes do not have their check");
  if (head->version == kWide) {
    tokens_ = std::span(reinterpret_cast<const TokenId*>(raw.data()), head->tokens);
  } else {
    tokens_ = std::span(reinterpret_cast<const std::uint16_t*>(raw.data()), head->tokens);
  }
  std::uint64_t ends = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i] >= head->vocabulary)
      return fail(ErrorCode::malformed, "token {} at position {}: the vocabulary has {}", tokens_[i], i,
                  head->vocabulary);
    ends += tokens_[i] == head->end_of_text;
  }
  if (ends != head->documents || (!tokens_.empty() && tokens_.back() != head->end_of_text))
    return fail(ErrorCode::malformed, "a token shard of {} documents: {} are closed by token {}", head->documents, ends,
                head->end_of_text);
  documents_ = head->documents;
  vocabulary_ = head->vocabulary;
  end_of_text_ = head->end_of_text;
  tokenizer_.bytes = head->tokenizer;
  return {};
}

void ShardWriter::add(std::string_view document) {
  document_.clear();
  if (tokenizer_->begin_of_text() != tokenizer_->end_of_text()) document_.push_back(tokenizer_->begin_of_text());
  encoder_.encode(document, document_);
  tokens_.append(document_);
  tokens_.push_back(tokenizer_->end_of_text());
  ++documents_;
}

Bytes ShardWriter::finish() const {
  Head head;
  std::copy(kMagic.begin(), kMagic.end(), head.magic.begin());
  head.version = version_of(tokenizer_->vocabulary());
  head.vocabulary = static_cast<std::uint32_t>(tokenizer_->vocabulary());
  head.tokens = tokens_.size();
  head.documents = documents_;
  head.end_of_text = tokenizer_->end_of_text();
  head.tokenizer = tokenizer_->digest().bytes;
  const ByteView raw = tokens().bytes();
  head.check = check_of(head, raw);
  Bytes out;
  out.reserve(sizeof(Head) + raw.size());
  append(out, head);
  out.insert(out.end(), raw.begin(), raw.end());
  return out;
}

Split split_of(const RecordId& id, unsigned heldout_per_thousand) {
  const Digest draw = sha256("cairn split " + id.hex());
  std::uint64_t number;
  std::memcpy(&number, draw.bytes.data(), sizeof number);
  return number % 1000 < heldout_per_thousand ? Split::heldout : Split::train;
}

std::vector<std::size_t> shard_order(std::span<const Record> records, std::uint64_t seed) {
  std::vector<Digest> keys;
  keys.reserve(records.size());
  for (const auto& record : records)
    keys.push_back(sha256(fmt::format("cairn shard order {} {}", seed, record.id.hex())));
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

}  // namespace cairn::data
