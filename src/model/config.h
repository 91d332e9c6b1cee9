// What a model is, before it has any weights: its family, sizes and the kind of each part, explicit, never inferred
// from which tensors a file holds. Not the weights (model/model.h) and not how they are trained (train/): dropout and
// z-loss come with a pass. A value. Shapes everywhere in model, train, infer and adapt: B batch, T time, C width, V
// vocabulary, L layers, H heads, G key-value heads, D head width, F hidden, P parameters, r rank; N = B T rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::model {

// RMSNorm (arXiv 1910.07467); LayerNorm (arXiv 1607.06450).
enum class Norm : std::uint8_t { rms, layer };
// SwiGLU (arXiv 2002.05202); GELU (arXiv 1606.08415), exact and with tanh.
enum class Activation : std::uint8_t { swiglu, gelu, gelu_tanh };
// Rotary (arXiv 2104.09864); a learned vector for each position, added to the embedding; none.
enum class Positions : std::uint8_t { rotary, learned, none };
// What the feed-forward half reads: the stream after attention; the stream that attention read too, through a norm of
// its own; or the very output of attention's norm.
enum class Residual : std::uint8_t { sequential, parallel, parallel_shared_norm };

// The words for them in JSON, in the order of the values. Found by argument.
std::span<const std::string_view> names_of(Norm);
std::span<const std::string_view> names_of(Activation);
std::span<const std::string_view> names_of(Positions);
std::span<const std::string_view> names_of(Residual);

// Our own default. A family is a name for people and for codecs: it decides nothing here, the fields below do.
inline constexpr std::string_view kDecoderFamily = "decoder";

struct ModelConfig {
  std::string family{kDecoderFamily};  // one of families()
  std::uint32_t vocabulary = 4096;     // V
  std::uint32_t width = 192;           // C
  std::uint32_t layers = 5;            // L
  std::uint32_t heads = 6;             // H
  std::uint32_t kv_heads = 6;          // G, divides heads
  std::uint32_t head_size = 0;         // D, at most 256; 0: C / H, which is then whole
  std::uint32_t hidden = 512;          // F
  std::uint32_t context = 128;         // T, the most tokens that attention sees
  Norm norm = Norm::rms;
  float norm_epsilon = 1e-5F;
  Activation activation = Activation::swiglu;
  Positions positions = Positions::rotary;
  float rope_base = 10000.0F;
  std::uint32_t rotary_width = 0;   // channels of a head that turn, the first ones; 0: all
  bool rotary_interleaved = false;  // pairs (2i, 2i + 1), as in GPT-J, and not (i, i + half)
  float rope_factor = 1.0F;         // by which frequencies are divided (tensor::RopeScaling); 1: not at all
  std::uint32_t rope_original = 0;  // the positions that low and high count turns in; 0: all frequencies are divided
  float rope_low = 1.0F, rope_high = 4.0F;
  Residual residual = Residual::sequential;
  bool causal = true;
  bool qkv_bias = false, output_bias = false;  // of attention's maps
  bool feed_forward_bias = false;
  bool norm_bias = false;  // of LayerNorm
  bool head_bias = false;
  bool qk_norm = false;         // RMSNorm over each query and key head
  bool tied_embeddings = true;  // the head is the embedding
  bool final_norm = true;       // before the head

  std::uint32_t head_width() const { return head_size > 0 ? head_size : width / heads; }             // D
  std::uint32_t attention_width() const { return heads * head_width(); }                             // H D
  std::uint32_t kv_width() const { return kv_heads * head_width(); }                                 // G D
  std::uint32_t qkv_width() const { return attention_width() + 2 * kv_width(); }                     // (H + 2 G) D
  std::uint32_t up_width() const { return activation == Activation::swiglu ? 2 * hidden : hidden; }  // 2 F or F
  std::uint32_t turned_width() const { return rotary_width > 0 ? rotary_width : head_width(); }
  bool operator==(const ModelConfig&) const = default;
};

// decoder, llama, gpt2, gpt-neox, gptj, encoder.
std::span<const std::string_view> families();

// The caps that hostile configurations meet before anything is allocated.
inline constexpr std::uint64_t kMostParameters = std::uint64_t{1} << 34;
inline constexpr std::uint32_t kMostVocabulary = 1U << 20;
inline constexpr std::uint32_t kMostContext = 65536;

// invalid: the first field out of its range, with the range; or more than kMostParameters. unsupported: a family of
// another name.
Status check(const ModelConfig& config);

// P: the number of weights. The configuration has passed check().
std::uint64_t parameter_count(const ModelConfig& config);

// Canonical JSON (sorted keys), strict when read: a missing, unknown or ill-typed key is malformed, a value out of
// range invalid, another family unsupported. Three sets of keys, so that files keep their digests: all fields; those
// without the four of rope_factor, where it is 1; or, for a "decoder" whose other fields have the defaults above, the
// eleven that stood in the first version of the format.
std::string to_json(const ModelConfig& config);
Result<ModelConfig> config_from_json(std::string_view text);

}  // namespace cairn::model
