// A folder of others, as one file: the length of config.json, that, the length of an index, that, then safetensors.
#include "model/huggingface.h"

#include <algorithm>
#include <cstring>

#include "fuzz/target.h"
#include "model/testing_interchange.h"

namespace cairn::fuzz {
namespace {

void append_piece(Bytes& out, ByteView piece) {
  append(out, static_cast<std::uint32_t>(piece.size()));
  out.insert(out.end(), piece.begin(), piece.end());
}

// As much of the length stated as there is.
ByteView take_piece(ByteView& bytes) {
  std::uint32_t length = 0;
  if (bytes.size() < sizeof(length)) return {};
  std::memcpy(&length, bytes.data(), sizeof(length));
  bytes = bytes.subspan(sizeof(length));
  const ByteView piece = bytes.first(std::min<std::size_t>(length, bytes.size()));
  bytes = bytes.subspan(piece.size());
  return piece;
}

}  // namespace

std::vector<Bytes> examples() {
  std::vector<Bytes> out;
  for (const model::ElementType type : {model::ElementType::f32, model::ElementType::bf16})
    for (const model::Family& family : model::small_families()) {
      const auto plan = model::plan_huggingface(family.config, {.type = type});
      CAIRN_CHECK(plan && plan->size() == 2);
      const model::Model model = model::lively_model(family.config, 1);
      append_piece(out.emplace_back(), model::bytes_of_planned(model, plan->front()));
      append_piece(out.back(),
                   as_bytes(R"({"metadata": {"total_size": 8}, "weight_map": {"a": "model.safetensors"}})"));
      const Bytes weights = model::bytes_of_planned(model, plan->back());
      out.back().insert(out.back().end(), weights.begin(), weights.end());
    }
  return out;
}

void consume(ByteView bytes) {
  const ByteView config = take_piece(bytes), index_text = take_piece(bytes);
  (void)model::config_from_huggingface(as_text(config));
  if (const auto index = model::read_tensor_index(as_text(index_text)))
    (void)model::read_tensor_files(*index, std::vector<model::NamedFile>{{"model.safetensors", bytes}});
  const auto tensors = model::read_tensor_file(bytes);
  if (!tensors) return;
  for (const model::FileTensor& tensor : *tensors)
    CAIRN_CHECK(tensor.bytes.empty() || (tensor.bytes.data() >= bytes.data() &&
                                         tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size()));
  const auto read = model::model_from_huggingface(as_text(config), *tensors);
  if (!read) return;
  for (const float weight : read->weights()) CAIRN_CHECK(weight - weight == 0.0F);
}

}  // namespace cairn::fuzz
