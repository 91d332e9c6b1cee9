// The tokenizer of GGUF files of others, all the way to one that encodes: the format's lists, then what they mean.
#include "fuzz/target.h"
#include "model/gguf_model.h"
#include "model/testing_interchange.h"
#include "text/huggingface_tokenizer.h"
#include "text/testing_foreign.h"
#include "text/testing_tokenizer.h"
#include "work/interchange_tokenizer.h"

namespace cairn::fuzz {
namespace {

constexpr std::string_view kText = "Hello wor 2024 \xC3\xA9\xC3\xA9 <tool_call> the\n\n\xFF";

// A model as small as one can be, so that damage falls on the tokenizer.
Bytes file_of(const text::Tokenizer& tokenizer) {
  model::ModelConfig config = model::small_llama();
  config.vocabulary = static_cast<std::uint32_t>(tokenizer.vocabulary()) + 1;
  config.layers = config.width = config.heads = config.kv_heads = config.hidden = 1;
  config.head_size = 2;
  const auto plan = model::plan_gguf(
      config, {.type = model::ElementType::bf16, .vocabulary = work::gguf_vocabulary_of(tokenizer).value()});
  return model::bytes_of_planned(model::lively_model(config, 1), plan.value());
}

}  // namespace

std::vector<Bytes> examples() {
  namespace foreign = text::testing_foreign;
  std::vector<Bytes> out = {file_of(text::tokenizer_of_size(300))};
  for (const foreign::Foreign& made :
       {foreign::gpt2(), foreign::pythia(), foreign::qwen2(), foreign::smollm(), foreign::llama2()}) {
    const TokenId end = made.id(made.ids[2] == "</s>" ? "</s>" : "<|endoftext|>");
    out.push_back(file_of(text::tokenizer_from_huggingface(made.file.dump(), end).value()));
  }
  return out;
}

// Whatever is accepted encodes any text, into tokens that it has, and goes out and comes back as it is, unless GGUF has
// no place for it.
void consume(ByteView bytes) {
  const auto file = model::read_gguf(bytes);
  if (!file) return;
  const auto vocabulary = model::vocabulary_from_gguf(*file);
  if (!vocabulary || !*vocabulary) return;
  const auto read = work::tokenizer_of(**vocabulary);
  if (!read) return;
  const auto tokens = read->encode(kText);
  for (const auto token : tokens) CAIRN_CHECK(token < read->vocabulary());
  const std::string back = read->decode(tokens).value();
  if (read->exact()) CAIRN_CHECK(back == kText);
  const auto again = work::gguf_vocabulary_of(*read);
  if (again) CAIRN_CHECK(work::tokenizer_of(*again).value().encode(kText) == tokens);
}

}  // namespace cairn::fuzz
