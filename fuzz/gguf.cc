// GGUF files of others: container, configuration, tokenizer, weights.
#include "fuzz/target.h"
#include "model/gguf_model.h"
#include "model/testing_interchange.h"

namespace cairn::fuzz {

std::vector<Bytes> examples() {
  std::vector<Bytes> out;
  const model::GgufVocabulary words{
      .tokens = {"a", "b", "ab"}, .types = {1, 1, 3}, .merges = {"a b"}, .words = "gpt-2", .own_words = {}};
  std::vector<model::Family> families = model::small_families();
  model::ModelConfig factors = model::small_llama();  // of rotary frequencies
  factors.rope_base = 500000;
  factors.rope_factor = 8;
  factors.rope_original = 8192;
  families.push_back({"factors", factors});
  for (const model::ElementType type : {model::ElementType::f32, model::ElementType::bf16, model::ElementType::q8_0})
    for (const model::Family& family : families) {
      const auto plan = model::plan_gguf(family.config, {.name = "m", .permit = {}, .type = type, .vocabulary = words});
      if (!plan) continue;  // not every family has a place in GGUF
      out.push_back(model::bytes_of_planned(model::lively_model(family.config, 1), *plan));
    }
  CAIRN_CHECK(!out.empty());
  return out;
}

void consume(ByteView bytes) {
  const auto file = model::read_gguf(bytes);
  if (!file) return;
  for (const model::StoredTensor& tensor : file->tensors) {
    CAIRN_CHECK(model::byte_count(tensor.type, tensor.shape) == tensor.bytes.size());
    CAIRN_CHECK(tensor.bytes.empty() || (tensor.bytes.data() >= bytes.data() &&
                                         tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size()));
  }
  (void)model::vocabulary_from_gguf(*file);
  const auto read = model::model_from_gguf(*file);
  if (!read) return;
  for (const float weight : read->weights()) CAIRN_CHECK(weight - weight == 0.0F);
}

}  // namespace cairn::fuzz
