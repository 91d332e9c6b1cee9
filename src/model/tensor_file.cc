#include "model/tensor_file.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/json.h"
#include "model/elements.h"
#include "model/safetensors.h"

namespace cairn::model {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr std::size_t kMostDimensions = 8;
constexpr std::size_t kLongestName = 512;
constexpr std::size_t kMostFiles = 4096;

template <class... Args>
tl::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::malformed, "safetensors: {}", fmt::format(format, std::forward<Args>(args)...));
}

// Bytes of an element.
std::optional<std::uint64_t> size_of_type(std::string_view type) {
  static const std::map<std::string_view, std::uint64_t> kSizes = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},    {"I8", 1},
      {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  const auto found = kSizes.find(type);
  return found == kSizes.end() ? std::nullopt : std::optional(found->second);
}

struct Extent {
  FileTensor tensor;
  std::uint64_t begin = 0, end = 0;
};

Result<std::vector<std::uint64_t>> naturals(const Json& array) {
  if (!array.is_array()) return fail(ErrorCode::malformed, "expected an array, got {}", array.type_name());
  std::vector<std::uint64_t> out;
  for (const Json& value : array) {
    if (!value.is_number_unsigned()) return fail(ErrorCode::malformed, "{} is no whole number", canonical(value));
    out.push_back(value.get<std::uint64_t>());
  }
  return out;
}

Result<Extent> read_entry(const std::string& name, const Json& entry) {
  if (name.empty() || name.size() > kLongestName) return wrong("a tensor's name of {} bytes", name.size());
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets") ||
      !entry["dtype"].is_string()) {
    return wrong("tensor '{}': expected dtype, shape and data_offsets", name);
  }
  Extent out;
  out.tensor.name = name;
  out.tensor.type = entry["dtype"].get<std::string>().substr(0, 32);
  auto shape = naturals(entry["shape"]), offsets = naturals(entry["data_offsets"]);
  if (!shape) return wrong("tensor '{}': shape: {}", name, shape.error().message);
  if (!offsets) return wrong("tensor '{}': data_offsets: {}", name, offsets.error().message);
  if (shape->size() > kMostDimensions) return wrong("tensor '{}': {} dimensions", name, shape->size());
  if (offsets->size() != 2 || offsets->at(0) > offsets->at(1)) {
    return wrong("tensor '{}': data_offsets [{}], expected a begin and an end", name, fmt::join(*offsets, ", "));
  }
  out.begin = offsets->at(0);
  out.end = offsets->at(1);
  const auto each = size_of_type(out.tensor.type);
  if (!each) {
    return fail(ErrorCode::unsupported, "safetensors: tensor '{}' has elements of type '{}'", name, out.tensor.type);
  }
  auto count = element_count(*shape);
  if (!count) return wrong("tensor '{}': {}", name, count.error().message);
  if (*count > (std::uint64_t{1} << 60) || out.end - out.begin != *count * *each) {
    return wrong("tensor '{}': {} bytes for shape [{}] of {}", name, out.end - out.begin, fmt::join(*shape, ", "),
                 out.tensor.type);
  }
  out.tensor.shape = std::move(*shape);
  return out;
}

// Parses the header, and sees what a parsed object no longer shows: a name that is there twice.
Result<Json> parse_header(std::string_view text) {
  std::set<std::string> names;
  std::optional<std::string> twice;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  CAIRN_ASSIGN(Json json, parse_json(text));  // its depth is limited, so the second parse is too
  if (!json.is_object()) return fail(ErrorCode::malformed, "expected an object, got {}", json.type_name());
  [[maybe_unused]] const Json again = Json::parse(text.begin(), text.end(), look);
  if (twice) return fail(ErrorCode::malformed, "'{}' is there twice", twice->substr(0, 128));
  return json;
}

Result<std::vector<Extent>> read_extents(std::string_view text) {
  auto header = parse_header(text);
  if (!header) return fail(std::move(header).error().within("safetensors header"));
  std::vector<Extent> out;
  for (const auto& item : header->items()) {
    if (item.key() == "__metadata__") continue;
    CAIRN_ASSIGN(Extent extent, read_entry(item.key(), item.value()));
    out.push_back(std::move(extent));
  }
  std::ranges::sort(out, {}, [](const Extent& e) { return std::pair(e.begin, e.end); });
  return out;
}

}  // namespace

Result<std::vector<FileTensor>> read_tensor_file(ByteView file) {
  ByteReader reader(file);
  const auto length = reader.read<std::uint64_t>();
  if (!length) return wrong("{} bytes, too short for the header's length", file.size());
  if (*length > kMostHeaderBytes) {
    return wrong("a header of {} bytes, at most {} are allowed", *length, kMostHeaderBytes);
  }
  if (*length > reader.left()) {
    return wrong("the header says {} bytes, the file has {} after its length", *length, reader.left());
  }
  const auto header_bytes = static_cast<std::size_t>(*length);
  CAIRN_ASSIGN(std::vector<Extent> extents, read_extents(as_text(file.subspan(kLengthBytes, header_bytes))));
  const ByteView data = file.subspan(kLengthBytes + header_bytes);
  std::vector<FileTensor> out;
  std::uint64_t expected = 0;
  for (Extent& extent : extents) {
    if (extent.begin != expected) {
      return wrong("tensor '{}' begins at {}, expected {}: the tensors leave a hole or overlap", extent.tensor.name,
                   extent.begin, expected);
    }
    if (extent.end > data.size()) {
      return wrong("tensor '{}' ends at {}, the file has {} bytes of data", extent.tensor.name, extent.end,
                   data.size());
    }
    extent.tensor.bytes =
        data.subspan(static_cast<std::size_t>(extent.begin), static_cast<std::size_t>(extent.end - extent.begin));
    expected = extent.end;
    out.push_back(std::move(extent.tensor));
  }
  if (expected != data.size()) return wrong("{} bytes of data, the tensors take {}", data.size(), expected);
  return out;
}

Result<TensorIndex> read_tensor_index(std::string_view text) {
  const auto bad = [](std::string_view what) { return fail(ErrorCode::malformed, "{}: {}", kIndexFile, what); };
  auto json = parse_json(text);
  if (!json) return bad(json.error().message);
  const auto map = json->is_object() ? json->find("weight_map") : json->end();
  if (!json->is_object() || map == json->end() || !map->is_object()) return bad("no object \"weight_map\"");
  TensorIndex out;
  std::set<std::string> files;
  for (const auto& item : map->items()) {
    if (!item.value().is_string()) return bad(fmt::format("'{}' is no string", item.key().substr(0, 128)));
    const auto name = item.value().get<std::string>();
    if (name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos || name.starts_with('.') ||
        !name.ends_with(".safetensors") || name.size() > 255) {
      return bad(fmt::format("'{}' is no name of a safetensors file beside it", name.substr(0, 128)));
    }
    files.insert(name);
    if (files.size() > kMostFiles) return bad(fmt::format("more than {} files", kMostFiles));
    out[item.key()] = name;
  }
  return out;
}

Result<std::vector<FileTensor>> read_tensor_files(const TensorIndex& index, std::span<const NamedFile> files) {
  std::vector<FileTensor> out;
  std::set<std::string> seen;
  for (const NamedFile& file : files) {
    auto tensors = read_tensor_file(file.bytes);
    if (!tensors) return fail(std::move(tensors).error().within(file.name));
    for (FileTensor& tensor : *tensors) {
      const auto place = index.find(tensor.name);
      if (place == index.end() || place->second != file.name) {
        return fail(ErrorCode::malformed, "{}: tensor '{}' is {}", file.name, tensor.name.substr(0, 128),
                    place == index.end() ? "not in the index" : fmt::format("in {} by the index", place->second));
      }
      seen.insert(tensor.name);
      out.push_back(std::move(tensor));
    }
  }
  for (const auto& [name, file] : index) {
    if (!seen.contains(name)) {
      return fail(ErrorCode::malformed, "{}: tensor '{}' of the index is missing", file, name.substr(0, 128));
    }
  }
  return out;
}

std::string tensor_file_header(std::span<const TensorEntry> tensors, std::string_view type) {
  // Not the library's sorted object: readers expect the entries in the order of the data.
  std::string text = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t at = 0;
  for (const TensorEntry& tensor : tensors) {
    text += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", Json(tensor.name).dump(), type,
                        fmt::join(tensor.shape, ","), at, at + tensor.bytes);
    at += tensor.bytes;
  }
  text += '}';
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string out(kLengthBytes, '\0');
  std::memcpy(out.data(), &length, kLengthBytes);
  return out + text;
}

std::string tensor_index_json(const TensorIndex& index, std::uint64_t total_bytes) {
  return Json{{"metadata", {{"total_size", total_bytes}}}, {"weight_map", index}}.dump(2) + "\n";
}

}  // namespace cairn::model
