#include "model/safetensors.h"

#include <bit>
#include <cstring>

#include "base/json.h"

namespace cairn::model {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 64;

struct Place {
  std::string_view name;
  std::span<const std::uint64_t> shape;
  std::uint64_t bytes;
  const char* type;
};

// An element type is that of the span that holds something; an empty tensor is F32.
template <class Floats, class Codes>
Place place_of(std::string_view name, std::span<const std::uint64_t> shape, Floats floats, Codes codes) {
  return codes.empty() ? Place{name, shape, floats.size_bytes(), "F32"} : Place{name, shape, codes.size(), "U8"};
}

std::string header_of(const Metadata& metadata, std::span<const Place> places) {
  Json header = Json::object();
  header["__metadata__"] = metadata;
  std::uint64_t at = 0;
  for (const Place& place : places) {
    header[std::string(place.name)] = {{"dtype", place.type},
                                       {"shape", std::vector<std::uint64_t>(place.shape.begin(), place.shape.end())},
                                       {"data_offsets", {at, at + place.bytes}}};
    at += place.bytes;
  }
  std::string text = canonical(header);
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string out(kLengthBytes, '\0');
  std::memcpy(out.data(), &length, kLengthBytes);
  return out + text;
}

Result<std::string_view> header_text(ByteView file) {
  ByteReader reader(file);
  const auto length = reader.read<std::uint64_t>();
  if (!length)
    return fail(ErrorCode::malformed, "safetensors: {} bytes, too short for the header's length", file.size());
  if (*length > kMostHeaderBytes) {
    return fail(ErrorCode::malformed, "safetensors: a header of {} bytes, at most {} are allowed", *length,
                kMostHeaderBytes);
  }
  if (*length > reader.left()) {
    return fail(ErrorCode::malformed, "safetensors: the header says {} bytes, the file has {} after its length",
                *length, reader.left());
  }
  return as_text(file.subspan(kLengthBytes, static_cast<std::size_t>(*length)));
}

Result<Json> header_json(ByteView file) {
  CAIRN_ASSIGN(const std::string_view text, header_text(file));
  auto json = parse_json(text);
  if (!json) return fail(std::move(json).error().within("safetensors header"));
  if (!json->is_object()) return fail(ErrorCode::malformed, "safetensors header: expected an object");
  return json;
}

// Why `header`, which differs from the expected bytes, does: for a message only, so the order of checks is the reader's
// interest.
Error difference(const Json& header, const Json& expected) {
  const auto say = [](ErrorCode code, std::string text) {
    return Error{code, "safetensors: " + std::move(text), {}, {}};
  };
  for (const auto& item : header.items()) {
    if (item.key() == "__metadata__") continue;
    const Json& entry = item.value();
    const auto type = entry.is_object() ? entry.find("dtype") : entry.end();
    const auto known = expected.find(item.key());
    const Json wanted = known != expected.end() ? (*known)["dtype"] : Json("F32");
    if (entry.is_object() && type != entry.end() && *type != wanted) {
      return say(ErrorCode::unsupported,
                 fmt::format("tensor '{}' has elements {}, expected {}", item.key().substr(0, 128),
                             canonical(*type).substr(0, 32), canonical(wanted)));
    }
    if (!expected.contains(item.key())) {
      return say(ErrorCode::malformed, fmt::format("unknown tensor '{}'", item.key().substr(0, 128)));
    }
  }
  for (const auto& item : expected.items()) {
    const auto got = header.find(item.key());
    if (got == header.end()) return say(ErrorCode::malformed, fmt::format("tensor '{}' is missing", item.key()));
    if (*got == item.value()) continue;
    return say(ErrorCode::malformed, fmt::format("'{}': expected {}, got {}", item.key(), canonical(item.value()),
                                                 canonical(*got).substr(0, 256)));
  }
  return say(ErrorCode::malformed, "the header says the right things but not in canonical form");
}

bool all_finite(ByteView bytes) {
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(float)) {
    std::uint32_t bits;
    std::memcpy(&bits, bytes.data() + i, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & 0x7F800000U) == 0x7F800000U);
  }
  return bad == 0;
}

std::vector<Place> places_of(std::span<const NamedTensor> tensors) {
  std::vector<Place> places;
  for (const NamedTensor& tensor : tensors) {
    places.push_back(place_of(tensor.name, tensor.shape, tensor.values, tensor.codes));
  }
  return places;
}

}  // namespace

ByteView tensor_bytes(const NamedTensor& tensor) {
  if (!tensor.codes.empty()) return tensor.codes;
  return {reinterpret_cast<const std::uint8_t*>(tensor.values.data()), tensor.values.size_bytes()};
}

ByteParts FileParts::bytes() const {
  ByteParts out{as_bytes(header)};
  out.insert(out.end(), tensors.begin(), tensors.end());
  return out;
}

FileParts safetensors_parts(const Metadata& metadata, std::span<const NamedTensor> tensors) {
  FileParts out{.header = header_of(metadata, places_of(tensors)), .tensors = {}};
  for (const NamedTensor& tensor : tensors) out.tensors.push_back(tensor_bytes(tensor));
  return out;
}

Bytes write_safetensors(const Metadata& metadata, std::span<const NamedTensor> tensors) {
  return joined(safetensors_parts(metadata, tensors).bytes());
}

Result<Metadata> read_metadata(ByteView file) {
  CAIRN_ASSIGN(const Json header, header_json(file));
  const auto found = header.find("__metadata__");
  if (found == header.end() || !found->is_object()) {
    return fail(ErrorCode::malformed, "safetensors header: no \"__metadata__\"");
  }
  Metadata metadata;
  for (const auto& item : found->items()) {
    if (!item.value().is_string()) {
      return fail(ErrorCode::malformed, "safetensors metadata: '{}' is no string", item.key().substr(0, 128));
    }
    metadata[item.key()] = item.value().get<std::string>();
  }
  return metadata;
}

Status read_safetensors(ByteView file, const Metadata& metadata, std::span<const ExpectedTensor> expected) {
  std::vector<Place> places;
  std::uint64_t data_bytes = 0;
  for (const ExpectedTensor& tensor : expected) {
    places.push_back(place_of(tensor.name, tensor.shape, tensor.into, tensor.codes_into));
    data_bytes += places.back().bytes;
  }
  const std::string header = header_of(metadata, places);
  if (file.size() < header.size() || as_text(file.first(header.size())) != header) {
    CAIRN_ASSIGN(const Json got, header_json(file));
    CAIRN_ASSIGN(const Json want, header_json(as_bytes(header)));
    return fail(difference(got, want));
  }
  if (file.size() - header.size() != data_bytes) {
    return fail(ErrorCode::malformed, "safetensors: expected {} bytes of tensors, got {}", data_bytes,
                file.size() - header.size());
  }
  std::size_t at = header.size();
  for (const ExpectedTensor& tensor : expected) {
    const bool floats = tensor.codes_into.empty();
    const ByteView bytes = file.subspan(at, floats ? tensor.into.size_bytes() : tensor.codes_into.size());
    if (floats && !all_finite(bytes)) {
      return fail(ErrorCode::malformed, "safetensors: tensor '{}' has a value that is not finite", tensor.name);
    }
    void* into = floats ? static_cast<void*>(tensor.into.data()) : tensor.codes_into.data();
    if (!bytes.empty()) std::memcpy(into, bytes.data(), bytes.size());
    at += bytes.size();
  }
  return {};
}

}  // namespace cairn::model
