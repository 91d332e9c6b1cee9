#include <set>

#include "model/gguf.h"

namespace cairn::model {
namespace {

constexpr std::size_t kMostDimensions = 4;

void append_text(Bytes& out, std::string_view text) {
  append(out, std::uint64_t{text.size()});
  out.insert(out.end(), text.begin(), text.end());
}

Status append_whole(Bytes& out, GgufKind kind, std::int64_t value) {
  const auto fits = [&]<class T>(T) -> Status {
    if (static_cast<std::int64_t>(static_cast<T>(value)) != value) {
      return fail(ErrorCode::invalid, "{} does not fit {}", value, name_of(kind));
    }
    append(out, static_cast<T>(value));
    return {};
  };
  switch (kind) {
    case GgufKind::u8:
      return fits(std::uint8_t{});
    case GgufKind::i8:
      return fits(std::int8_t{});
    case GgufKind::u16:
      return fits(std::uint16_t{});
    case GgufKind::i16:
      return fits(std::int16_t{});
    case GgufKind::u32:
      return fits(std::uint32_t{});
    case GgufKind::i32:
      return fits(std::int32_t{});
    case GgufKind::i64:
      return fits(std::int64_t{});
    case GgufKind::u64:
      if (value >= 0) return fits(std::int64_t{});
      break;
    case GgufKind::boolean:
      if (value == 0 || value == 1) return fits(std::uint8_t{});
      break;
    default:
      break;
  }
  return fail(ErrorCode::invalid, "{} does not fit {}", value, name_of(kind));
}

Status append_real(Bytes& out, GgufKind kind, double value) {
  if (kind == GgufKind::f32) {
    append(out, static_cast<float>(value));
  } else if (kind == GgufKind::f64) {
    append(out, value);
  } else {
    return fail(ErrorCode::invalid, "a real number given as {}", name_of(kind));
  }
  return {};
}

Status append_element(Bytes& out, GgufKind kind, std::int64_t value) {
  return append_whole(out, kind, value);
}
Status append_element(Bytes& out, GgufKind kind, double value) {
  return append_real(out, kind, value);
}
Status append_element(Bytes& out, GgufKind kind, const std::string& value) {
  if (kind != GgufKind::string) return fail(ErrorCode::invalid, "a string given as {}", name_of(kind));
  append_text(out, value);
  return {};
}
Status append_element(Bytes& out, GgufKind kind, std::uint64_t value) {
  if (kind != GgufKind::u64) return fail(ErrorCode::invalid, "a u64 given as {}", name_of(kind));
  append(out, value);
  return {};
}
Status append_element(Bytes& out, GgufKind kind, bool value) {
  if (kind != GgufKind::boolean) return fail(ErrorCode::invalid, "a bool given as {}", name_of(kind));
  append(out, static_cast<std::uint8_t>(value ? 1 : 0));
  return {};
}
Status append_element(Bytes& out, GgufKind kind, const GgufArray& array) {
  if (kind != GgufKind::array) return fail(ErrorCode::invalid, "an array given as {}", name_of(kind));
  append(out, static_cast<std::uint32_t>(array.kind));
  return std::visit(
      [&](const auto& values) -> Status {
        append(out, std::uint64_t{values.size()});
        for (const auto& value : values) CAIRN_TRY(append_element(out, array.kind, value));
        return {};
      },
      array.values);
}

Status append_key(Bytes& out, const std::string& key, const GgufValue& value) {
  if (key.empty() || key.size() > kLongestGgufKey) {
    return fail(ErrorCode::invalid, "GGUF: a key of {} bytes, expected 1 to {}", key.size(), kLongestGgufKey);
  }
  append_text(out, key);
  append(out, static_cast<std::uint32_t>(value.kind));
  auto status = std::visit([&](const auto& held) { return append_element(out, value.kind, held); }, value.value);
  if (!status) return fail(std::move(status).error().within(fmt::format("GGUF: '{}'", key)));
  return {};
}

std::uint32_t number_of(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return 0;
    case ElementType::f16:
      return 1;
    case ElementType::q8_0:
      return 8;
    case ElementType::bf16:
      return 30;
  }
  return 0;
}

Status append_entry(Bytes& out, const StoredTensor& tensor, std::uint64_t& offset) {
  if (tensor.name.empty() || tensor.name.size() > kLongestGgufTensorName) {
    return fail(ErrorCode::invalid, "GGUF: a tensor's name of {} bytes, expected 1 to {}", tensor.name.size(),
                kLongestGgufTensorName);
  }
  if (tensor.shape.empty() || tensor.shape.size() > kMostDimensions) {
    return fail(ErrorCode::invalid, "GGUF: tensor '{}': {} dimensions, expected 1 to {}", tensor.name,
                tensor.shape.size(), kMostDimensions);
  }
  const auto bytes = byte_count(tensor.type, tensor.shape);
  if (!bytes) return fail(ErrorCode::invalid, "GGUF: tensor '{}': {}", tensor.name, bytes.error().message);
  append_text(out, tensor.name);
  append(out, static_cast<std::uint32_t>(tensor.shape.size()));
  for (std::size_t d = tensor.shape.size(); d-- > 0;) append(out, std::uint64_t{tensor.shape[d]});
  append(out, number_of(tensor.type));
  append(out, offset);
  offset += *bytes + gguf_padding(*bytes);
  return {};
}

}  // namespace

std::size_t gguf_padding(std::uint64_t bytes) {
  return static_cast<std::size_t>((kGgufAlignment - bytes % kGgufAlignment) % kGgufAlignment);
}

Result<Bytes> gguf_header(const GgufMetadata& metadata, std::span<const StoredTensor> tensors) {
  Bytes out;
  out.insert(out.end(), {'G', 'G', 'U', 'F'});
  append(out, kGgufVersion);
  append(out, std::uint64_t{tensors.size()});
  append(out, std::uint64_t{metadata.size()});
  std::set<std::string_view> names;
  for (const auto& [key, value] : metadata) {
    if (key == "general.alignment")
      return fail(ErrorCode::invalid, "GGUF: the alignment is {}, unsaid", kGgufAlignment);
    if (!names.insert(key).second) return fail(ErrorCode::invalid, "GGUF: the key '{}' is given twice", key);
    CAIRN_TRY(append_key(out, key, value));
  }
  names.clear();
  std::uint64_t offset = 0;
  for (const StoredTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      return fail(ErrorCode::invalid, "GGUF: the tensor '{}' is given twice", tensor.name);
    }
    CAIRN_TRY(append_entry(out, tensor, offset));
  }
  out.resize(out.size() + gguf_padding(out.size()));
  return out;
}

}  // namespace cairn::model
