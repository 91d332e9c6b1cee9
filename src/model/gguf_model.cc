#include "model/gguf_model.h"

#include <algorithm>

#include "model/dialect.h"
#include "model/gguf_rope.h"

namespace cairn::model {
namespace {

// The numbers of llama.cpp's general.file_type: what most of the matrices are.
std::uint32_t file_type(ElementType type) {
  return type == ElementType::f32 ? 0 : type == ElementType::q8_0 ? 7 : 32;
}

void add_sizes(GgufMetadata& out, const std::string& architecture, const ModelConfig& c) {
  const auto add = [&](const char* key, GgufValue value) {
    out.emplace_back(architecture + "." + key, std::move(value));
  };
  add("vocab_size", gguf_u32(c.vocabulary));
  add("context_length", gguf_u32(c.context));
  add("embedding_length", gguf_u32(c.width));
  add("block_count", gguf_u32(c.layers));
  add("feed_forward_length", gguf_u32(c.hidden));
  add("attention.head_count", gguf_u32(c.heads));
  add("attention.head_count_kv", gguf_u32(c.kv_heads));
  if (c.attention_width() != c.width) {
    add("attention.key_length", gguf_u32(c.head_width()));
    add("attention.value_length", gguf_u32(c.head_width()));
  }
  add(c.norm == Norm::rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
      gguf_f32(c.norm_epsilon));
  if (c.positions == Positions::rotary) {
    add("rope.freq_base", gguf_f32(c.rope_base));
    add("rope.dimension_count", gguf_u32(c.turned_width()));
    if (c.rope_factor != 1.0F && c.rope_original == 0) {
      add("rope.scaling.type", gguf_string("linear"));
      add("rope.scaling.factor", gguf_f32(c.rope_factor));
    }
  }
  if (architecture == "gptneox") add("use_parallel_residual", gguf_bool(c.residual == Residual::parallel));
}

constexpr double kNoScore = -10000.0;  // of what is no token

// The same number of tokens as the model has rows for: the rest are unused.
Status add_vocabulary(GgufMetadata& out, const GgufVocabulary& given, std::uint32_t rows) {
  if (given.tokens.size() > rows || given.types.size() != given.tokens.size()) {
    return fail(ErrorCode::invalid, "GGUF: {} tokens with {} types, the model's vocabulary is {}", given.tokens.size(),
                given.types.size(), rows);
  }
  if (given.pieces && given.scores.size() != given.tokens.size()) {
    return fail(ErrorCode::invalid, "GGUF: {} tokens with {} scores", given.tokens.size(), given.scores.size());
  }
  std::vector<std::string> tokens = given.tokens;
  std::vector<std::int64_t> types = given.types;
  const auto unknown = std::ranges::find(types, GgufVocabulary::unknown) - types.begin();
  for (std::size_t i = tokens.size(); i < rows; ++i) {
    tokens.push_back(fmt::format("[PAD{}]", i));
    types.push_back(GgufVocabulary::unused);
  }
  out.emplace_back("tokenizer.ggml.model", gguf_string(given.pieces ? "llama" : "gpt2"));
  out.emplace_back("tokenizer.ggml.pre", gguf_string(given.words));
  if (!given.own_words.empty()) out.emplace_back(kGgufWords, gguf_string(given.own_words));
  out.emplace_back("tokenizer.ggml.tokens", gguf_strings(std::move(tokens)));
  out.emplace_back("tokenizer.ggml.token_type", gguf_i32s(std::move(types)));
  if (given.pieces) {
    std::vector<double> scores(given.scores.begin(), given.scores.end());
    scores.resize(rows, kNoScore);
    out.emplace_back("tokenizer.ggml.scores", gguf_f32s(std::move(scores)));
    out.emplace_back("tokenizer.ggml.add_space_prefix", gguf_bool(given.space_prefix));
    if (unknown < static_cast<std::ptrdiff_t>(given.types.size()))
      out.emplace_back("tokenizer.ggml.unknown_token_id", gguf_u32(static_cast<std::uint32_t>(unknown)));
  } else {
    out.emplace_back("tokenizer.ggml.merges", gguf_strings(given.merges));
  }
  if (given.begin >= 0) {
    out.emplace_back("tokenizer.ggml.bos_token_id", gguf_u32(static_cast<std::uint32_t>(given.begin)));
    out.emplace_back("tokenizer.ggml.add_bos_token", gguf_bool(given.add_begin.value_or(true)));
  }
  if (given.end >= 0) out.emplace_back("tokenizer.ggml.eos_token_id", gguf_u32(static_cast<std::uint32_t>(given.end)));
  return {};
}

ElementType type_of(const ForeignTensor& tensor, ElementType wanted) {
  if (tensor.shape.size() == 1 || tensor.name == "position_embd.weight") return ElementType::f32;
  const bool whole_blocks = tensor.shape.back() % kBlockElements == 0;
  return wanted == ElementType::q8_0 && !whole_blocks ? ElementType::bf16 : wanted;
}

void append_factors(std::span<const float> factors, Bytes& out) {
  for (const float factor : factors) append(out, factor);
  out.resize(out.size() + gguf_padding(factors.size_bytes()));
}

}  // namespace

Result<PlannedFile> plan_gguf(const ModelConfig& config, const GgufExtras& extras) {
  if (extras.type == ElementType::f16) {
    return fail(ErrorCode::invalid, "GGUF files are written in F32, BF16 or Q8_0, not in F16");
  }
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(config));
  const bool factors = config.rope_original > 0;
  if (factors && (dialect != Dialect::llama || !has_rope_factors(config))) {
    return fail_with_hint(ErrorCode::unsupported,
                          "GGUF: rotary positions that are scaled apart otherwise than Llama 3.1's are not written",
                          "export as huggingface");
  }
  CAIRN_ASSIGN(std::vector<ForeignTensor> tensors, gguf_tensors(config));
  const std::string architecture = gguf_architecture_of(dialect);
  GgufMetadata metadata = {{"general.architecture", gguf_string(architecture)},
                           {"general.type", gguf_string("model")},
                           {"general.name", gguf_string(extras.name)},
                           {"general.file_type", gguf_u32(file_type(extras.type))},
                           {"general.quantization_version", gguf_u32(2)}};
  add_sizes(metadata, architecture, config);
  if (config.activation == Activation::gelu) metadata.emplace_back(kGgufActivation, gguf_string("gelu"));
  if (extras.vocabulary) {
    CAIRN_TRY(add_vocabulary(metadata, *extras.vocabulary, config.vocabulary));
  } else {
    metadata.emplace_back("tokenizer.ggml.model", gguf_string("no_vocab"));
  }
  if (!extras.permit.empty()) metadata.emplace_back(kGgufPermit, gguf_string(extras.permit));
  PlannedFile out;
  std::vector<StoredTensor> entries;
  if (factors)  // the first tensor, so that its bytes end the head
    entries.push_back({.name = std::string(kGgufRopeFactors), .shape = {config.turned_width() / 2}, .bytes = {}});
  for (ForeignTensor& tensor : tensors) {
    const ElementType type = type_of(tensor, extras.type);
    entries.push_back({.name = tensor.name, .shape = tensor.shape, .type = type, .bytes = {}});
    CAIRN_ASSIGN(const std::uint64_t bytes, byte_count(type, tensor.shape));
    out.tensors.push_back({.tensor = std::move(tensor), .type = type, .padding = gguf_padding(bytes)});
    out.bytes += bytes + out.tensors.back().padding;
  }
  CAIRN_ASSIGN(out.head, gguf_header(metadata, entries));
  if (factors) append_factors(rope_factors_of(config), out.head);
  out.bytes += out.head.size();
  return out;
}

Result<Model> model_from_gguf(const GgufFile& file, const std::function<void(double share)>& progress,
                              std::uint32_t most_context) {
  CAIRN_ASSIGN(const ModelConfig config, config_from_gguf(file, most_context));
  CAIRN_ASSIGN(const std::vector<ForeignTensor> expected, gguf_tensors(config));
  const auto read_already = [](std::string_view name) { return name == kGgufRopeFactors; };
  CAIRN_ASSIGN(const auto matched, match_foreign("GGUF", file.tensors, expected, read_already));
  CAIRN_ASSIGN(Model model, Model::make(config));
  const auto told = [&](std::size_t done) {
    if (progress) progress(static_cast<double>(done) / static_cast<double>(expected.size()));
  };
  CAIRN_TRY(read_foreign("GGUF", matched, expected, model, told));
  return model;
}

namespace {

template <class T>
Result<std::vector<T>> list(const GgufFile& file, const char* key) {
  const GgufValue* found = file.find(key);
  const auto* array = found ? std::get_if<GgufArray>(&found->value) : nullptr;
  const auto* values = array ? std::get_if<std::vector<T>>(&array->values) : nullptr;
  if (!found) return fail(ErrorCode::unsupported, "GGUF: there is no '{}'", key);
  if (!values) return fail(ErrorCode::malformed, "GGUF: '{}' is no list of the kind it should be", key);
  return *values;
}

Result<std::int64_t> token_id(const GgufFile& file, const char* key, std::size_t tokens) {
  if (!file.find(key)) return std::int64_t{-1};
  CAIRN_ASSIGN(const std::uint64_t id, file.natural(key));
  if (id >= tokens) return fail(ErrorCode::malformed, "GGUF: '{}' is {}, there are {} tokens", key, id, tokens);
  return static_cast<std::int64_t>(id);
}

// Nothing: the file does not say.
Result<std::optional<bool>> flag(const GgufFile& file, const char* key) {
  const GgufValue* const found = file.find(key);
  const bool* const value = found ? std::get_if<bool>(&found->value) : nullptr;
  if (found && !value) return fail(ErrorCode::malformed, "GGUF: '{}' is neither true nor false", key);
  return value ? std::optional(*value) : std::nullopt;
}

Status read_pieces(const GgufFile& file, GgufVocabulary& out) {
  CAIRN_ASSIGN(const std::vector<double> scores, list<double>(file, "tokenizer.ggml.scores"));
  if (scores.size() != out.tokens.size())
    return fail(ErrorCode::malformed, "GGUF: {} tokens and {} scores", out.tokens.size(), scores.size());
  for (const double score : scores) out.scores.push_back(static_cast<float>(score));
  CAIRN_ASSIGN(const std::optional<bool> prefix, flag(file, "tokenizer.ggml.add_space_prefix"));
  out.space_prefix = prefix.value_or(true);
  return {};
}

}  // namespace

Result<std::optional<GgufVocabulary>> vocabulary_from_gguf(const GgufFile& file) {
  if (!file.find("tokenizer.ggml.model")) return std::nullopt;
  CAIRN_ASSIGN(const std::string kind, file.text("tokenizer.ggml.model"));
  if (kind == "no_vocab" || kind == "none") return std::nullopt;
  if (kind != "gpt2" && kind != "llama") {
    return fail(ErrorCode::unsupported,
                "GGUF: a tokenizer of kind '{}', expected 'gpt2' (byte-level BPE) or 'llama' (SentencePiece)",
                kind.substr(0, 64));
  }
  GgufVocabulary out{.pieces = kind == "llama"};
  CAIRN_ASSIGN(out.tokens, list<std::string>(file, "tokenizer.ggml.tokens"));
  CAIRN_ASSIGN(out.types, list<std::int64_t>(file, "tokenizer.ggml.token_type"));
  if (out.pieces) {
    CAIRN_TRY(read_pieces(file, out));
  } else {
    CAIRN_ASSIGN(out.merges, list<std::string>(file, "tokenizer.ggml.merges"));
  }
  if (out.types.size() != out.tokens.size()) {
    return fail(ErrorCode::malformed, "GGUF: {} tokens and {} token types", out.tokens.size(), out.types.size());
  }
  if (file.find("tokenizer.ggml.pre")) {
    CAIRN_ASSIGN(out.words, file.text("tokenizer.ggml.pre"));
  }
  if (file.find(kGgufWords)) {
    CAIRN_ASSIGN(out.own_words, file.text(kGgufWords));
  }
  CAIRN_ASSIGN(out.begin, token_id(file, "tokenizer.ggml.bos_token_id", out.tokens.size()));
  CAIRN_ASSIGN(out.end, token_id(file, "tokenizer.ggml.eos_token_id", out.tokens.size()));
  CAIRN_ASSIGN(out.add_begin, flag(file, "tokenizer.ggml.add_bos_token"));
  return out;
}

}  // namespace cairn::model
