// Models as GGUF files, in and out: the keys and tensor names that llama.cpp's architectures llama, qwen2, qwen3, gpt2
// and gptneox have (docs/formats/interchange.md). Not the container: model/gguf.h. Pure functions; what they read is
// hostile. Sources of keys and names: docs/gguf.md of the ggml repository and gguf-py's constants.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/export.h"
#include "model/gguf.h"
#include "model/model.h"

namespace cairn::model {

// A BPE tokenizer as GGUF keeps it: "gpt2", byte-level, words in the printable alphabet that GPT-2 gives bytes; or
// "llama", SentencePiece's, with scores in the place of merges.
struct GgufVocabulary {
  enum Type : std::int64_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
  bool pieces = false;  // "llama"
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;  // one for each token
  std::vector<std::string> merges;  // "gpt2": "left right", earliest first
  std::vector<float> scores;        // "llama": one for each token
  bool space_prefix = true;         // "llama": whether a text gets a space in front
  std::string words;                // "tokenizer.ggml.pre": how readers cut text into words
  std::string own_words;            // kGgufWords: how Cairn does, exactly; empty: a tokenizer of others
  std::int64_t begin = -1, end = -1;
  std::optional<bool> add_begin;  // whether `begin` stands before a text; nothing: what `words` implies
};

// A key of Cairn's own: "gelu" or "gelu_tanh" where the architecture's readers know only one GELU.
inline constexpr std::string_view kGgufActivation = "cairn.activation";
// The scheme of a tokenizer's words where "tokenizer.ggml.pre" has no name for it.
inline constexpr std::string_view kGgufWords = "cairn.words";
// What the model may be used for, as its site says: the permit's canonical JSON.
inline constexpr std::string_view kGgufPermit = "cairn.permit";

struct GgufExtras {
  std::string name;                      // of the model, for people
  std::string permit;                    // for kGgufPermit; empty: left out
  ElementType type = ElementType::bf16;  // f32, bf16 or q8_0
  std::optional<GgufVocabulary> vocabulary;
};

// The file for models of this configuration. Vectors and position embeddings are F32, as readers expect them; with q8_0
// a matrix whose rows are no multiple of 32 is BF16. unsupported: no architecture has these parts; GPT-J, which no
// reader of GGUF computes. invalid: F16, or more tokens than the model's vocabulary; a smaller vocabulary is filled up
// with unused tokens.
Result<PlannedFile> plan_gguf(const ModelConfig& config, const GgufExtras& extras);

// What the keys say. Two things GGUF says by tensors alone: the head is tied where there is no "output.weight", and
// llama's maps have biases where the first block's have. unsupported: another architecture, rotary positions scaled
// otherwise than "linear" or as model/gguf_rope.h has it, experts, a short window, a key that is missing. most_context:
// as config_from_huggingface().
Result<ModelConfig> config_from_gguf(const GgufFile& file, std::uint32_t most_context = 0);
// Errors as above and as match_foreign().
Result<Model> model_from_gguf(const GgufFile& file, const std::function<void(double share)>& progress = {},
                              std::uint32_t most_context = 0);
// Nothing where the file has no tokenizer. unsupported: another model of tokenizer; malformed: lists that do not fit.
Result<std::optional<GgufVocabulary>> vocabulary_from_gguf(const GgufFile& file);

// The tensors of such a file; the head is left out where it is tied. unsupported: as plan_gguf().
Result<std::vector<ForeignTensor>> gguf_tensors(const ModelConfig& config);

}  // namespace cairn::model
