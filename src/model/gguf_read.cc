#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "model/gguf.h"

namespace cairn::model {
namespace {

constexpr std::size_t kMostDimensions = 4;
constexpr std::uint64_t kMostAlignment = 1 << 16;
constexpr std::size_t kMostReserved = 1 << 16;  // values of an array, before any is read

// What a file shows of a name in a message: control characters and ends of long names left out.
std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 64)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out;
}

// The bytes that a value of this kind takes at least.
std::uint64_t least_bytes(GgufKind kind) {
  switch (kind) {
    case GgufKind::u8:
    case GgufKind::i8:
    case GgufKind::boolean:
      return 1;
    case GgufKind::u16:
    case GgufKind::i16:
      return 2;
    case GgufKind::u32:
    case GgufKind::i32:
    case GgufKind::f32:
      return 4;
    default:
      return 8;
  }
}

class Parser {
 public:
  explicit Parser(ByteView file) : reader_(file) {}

  std::size_t at() const { return reader_.at(); }
  std::size_t left() const { return reader_.left(); }

  template <class T>
  Result<T> number(std::string_view what) {
    auto value = reader_.read<T>();
    if (value) return *value;
    return fail(ErrorCode::malformed, "GGUF: {}: expected {} bytes at {}, the file ends after {}", what, sizeof(T),
                at(), left());
  }
  template <class T, class Wide>
  Result<Wide> widened(std::string_view what) {
    CAIRN_ASSIGN(const T value, number<T>(what));
    return static_cast<Wide>(value);
  }

  Result<std::string> text(std::string_view what) {
    CAIRN_ASSIGN(const auto length, number<std::uint64_t>(what));
    if (length > left()) {
      return fail(ErrorCode::malformed, "GGUF: {}: a string of {} bytes at {}, the file has {} left", what, length,
                  at(), left());
    }
    CAIRN_ASSIGN(const ByteView bytes, reader_.take(static_cast<std::size_t>(length)));
    return std::string(as_text(bytes));
  }

  Result<GgufKind> kind(std::string_view what) {
    CAIRN_ASSIGN(const auto raw, number<std::uint32_t>(what));
    if (raw > static_cast<std::uint32_t>(GgufKind::f64)) {
      return fail(ErrorCode::malformed, "GGUF: {}: kind {} at {}, expected 0 to 12", what, raw, at() - 4);
    }
    return static_cast<GgufKind>(raw);
  }

  Result<bool> flag(std::string_view what) {
    CAIRN_ASSIGN(const auto raw, number<std::uint8_t>(what));
    if (raw > 1) return fail(ErrorCode::malformed, "GGUF: {}: {} at {}, expected 0 or 1", what, raw, at() - 1);
    return raw == 1;
  }

  // Any whole number or bool that fits.
  Result<std::int64_t> whole(GgufKind kind, std::string_view what) {
    switch (kind) {
      case GgufKind::u8:
        return widened<std::uint8_t, std::int64_t>(what);
      case GgufKind::i8:
        return widened<std::int8_t, std::int64_t>(what);
      case GgufKind::u16:
        return widened<std::uint16_t, std::int64_t>(what);
      case GgufKind::i16:
        return widened<std::int16_t, std::int64_t>(what);
      case GgufKind::u32:
        return widened<std::uint32_t, std::int64_t>(what);
      case GgufKind::i32:
        return widened<std::int32_t, std::int64_t>(what);
      case GgufKind::boolean: {
        CAIRN_ASSIGN(const bool value, flag(what));
        return std::int64_t{value};
      }
      case GgufKind::u64: {
        CAIRN_ASSIGN(const auto value, number<std::uint64_t>(what));
        if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
          return fail(ErrorCode::malformed, "GGUF: {}: {} at {} does not fit 63 bits", what, value, at() - 8);
        }
        return static_cast<std::int64_t>(value);
      }
      default:
        return number<std::int64_t>(what);
    }
  }

  Result<double> real(GgufKind kind, std::string_view what) {
    return kind == GgufKind::f32 ? widened<float, double>(what) : number<double>(what);
  }

  Result<GgufArray> array(std::string_view what) {
    CAIRN_ASSIGN(const GgufKind element, kind(what));
    if (element == GgufKind::array) {
      return fail(ErrorCode::unsupported, "GGUF: {}: an array of arrays at {}", what, at() - 4);
    }
    CAIRN_ASSIGN(const auto count, number<std::uint64_t>(what));
    if (count > left() / least_bytes(element)) {
      return fail(ErrorCode::malformed, "GGUF: {}: an array of {} times {} at {}, the file has {} bytes left", what,
                  count, name_of(element), at(), left());
    }
    const auto n = static_cast<std::size_t>(count);
    if (element == GgufKind::string) {
      return filled<std::string>(element, n, [&] { return text(what); });
    }
    if (element == GgufKind::f32 || element == GgufKind::f64) {
      return filled<double>(element, n, [&] { return real(element, what); });
    }
    return filled<std::int64_t>(element, n, [&] { return whole(element, what); });
  }

  Result<GgufValue> value(GgufKind kind, std::string_view what) {
    GgufValue out{kind, {}};
    if (kind == GgufKind::string) {
      CAIRN_ASSIGN(out.value, text(what));
    } else if (kind == GgufKind::array) {
      CAIRN_ASSIGN(out.value, array(what));
    } else if (kind == GgufKind::boolean) {
      CAIRN_ASSIGN(out.value, flag(what));
    } else if (kind == GgufKind::f32 || kind == GgufKind::f64) {
      CAIRN_ASSIGN(out.value, real(kind, what));
    } else if (kind == GgufKind::u64) {
      CAIRN_ASSIGN(out.value, number<std::uint64_t>(what));
    } else {
      CAIRN_ASSIGN(out.value, whole(kind, what));
    }
    return out;
  }

 private:
  template <class T, class Read>
  Result<GgufArray> filled(GgufKind element, std::size_t count, const Read& read) {
    std::vector<T> values;
    values.reserve(std::min(count, kMostReserved));  // a file's word for it is not enough
    for (std::size_t i = 0; i < count; ++i) {
      CAIRN_ASSIGN(T one, read());
      values.push_back(std::move(one));
    }
    return GgufArray{element, std::move(values)};
  }

  ByteReader reader_;
};

Result<std::uint32_t> read_version(Parser& parser) {
  CAIRN_ASSIGN(const auto magic, parser.number<std::uint32_t>("the magic number"));
  if (magic != 0x46554747U) {
    return fail(ErrorCode::malformed, "GGUF: begins with {:08x}, expected 47475546 (\"GGUF\")",
                __builtin_bswap32(magic));
  }
  CAIRN_ASSIGN(const auto version, parser.number<std::uint32_t>("the version"));
  if (version == 2 || version == 3) return version;
  const std::uint32_t turned = __builtin_bswap32(version);
  if (turned >= 1 && turned <= 3) {
    return fail(ErrorCode::unsupported, "GGUF: the file is big-endian, expected little-endian");
  }
  return fail(ErrorCode::unsupported, "GGUF: version {}, expected 2 or 3", version);
}

Result<GgufMetadata> read_metadata_of(Parser& parser, std::uint64_t count) {
  constexpr std::uint64_t kLeastBytes = 8 + 1 + 4 + 1;
  if (count > kMostGgufKeys || count > parser.left() / kLeastBytes) {
    return fail(ErrorCode::malformed, "GGUF: {} keys, at most {} are allowed and {} bytes are left", count,
                kMostGgufKeys, parser.left());
  }
  GgufMetadata out;
  std::set<std::string, std::less<>> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string place = fmt::format("key {}", i);
    CAIRN_ASSIGN(std::string key, parser.text(place));
    if (key.empty() || key.size() > kLongestGgufKey) {
      return fail(ErrorCode::malformed, "GGUF: {}: a name of {} bytes, expected 1 to {}", place, key.size(),
                  kLongestGgufKey);
    }
    const std::string what = fmt::format("'{}'", shown(key));
    if (!names.insert(key).second) return fail(ErrorCode::malformed, "GGUF: the key {} is there twice", what);
    CAIRN_ASSIGN(const GgufKind kind, parser.kind(what));
    CAIRN_ASSIGN(GgufValue value, parser.value(kind, what));
    out.emplace_back(std::move(key), std::move(value));
  }
  return out;
}

std::optional<ElementType> element_type(std::uint32_t number) {
  switch (number) {
    case 0:
      return ElementType::f32;
    case 1:
      return ElementType::f16;
    case 8:
      return ElementType::q8_0;
    case 30:
      return ElementType::bf16;
    default:
      return std::nullopt;
  }
}

struct Entry {
  StoredTensor tensor;
  std::uint64_t offset = 0, bytes = 0;
};

Result<Entry> read_entry(Parser& parser, const std::string& place) {
  Entry out;
  CAIRN_ASSIGN(out.tensor.name, parser.text(place));
  if (out.tensor.name.empty() || out.tensor.name.size() > kLongestGgufTensorName) {
    return fail(ErrorCode::malformed, "GGUF: {}: a name of {} bytes, expected 1 to {}", place, out.tensor.name.size(),
                kLongestGgufTensorName);
  }
  const std::string what = fmt::format("tensor '{}'", shown(out.tensor.name));
  CAIRN_ASSIGN(const auto dimensions, parser.number<std::uint32_t>(what));
  if (dimensions < 1 || dimensions > kMostDimensions) {
    return fail(ErrorCode::malformed, "GGUF: {}: {} dimensions, expected 1 to {}", what, dimensions, kMostDimensions);
  }
  for (std::uint32_t d = 0; d < dimensions; ++d) {
    CAIRN_ASSIGN(const auto size, parser.number<std::uint64_t>(what));
    if (size == 0) return fail(ErrorCode::malformed, "GGUF: {}: dimension {} is 0", what, d);
    out.tensor.shape.insert(out.tensor.shape.begin(), size);
  }
  CAIRN_ASSIGN(const auto type, parser.number<std::uint32_t>(what));
  const auto known = element_type(type);
  if (!known) {
    return fail(ErrorCode::unsupported, "GGUF: {} has elements of type {}, expected F32, F16, BF16 or Q8_0", what,
                type);
  }
  out.tensor.type = *known;
  CAIRN_ASSIGN(out.offset, parser.number<std::uint64_t>(what));
  auto bytes = byte_count(*known, out.tensor.shape);
  if (!bytes) return fail(std::move(bytes).error().within("GGUF: " + what));
  out.bytes = *bytes;
  return out;
}

Result<std::vector<Entry>> read_entries(Parser& parser, std::uint64_t count) {
  constexpr std::uint64_t kLeastBytes = 8 + 1 + 4 + 8 + 4 + 8;
  if (count > kMostGgufTensors || count > parser.left() / kLeastBytes) {
    return fail(ErrorCode::malformed, "GGUF: {} tensors, at most {} are allowed and {} bytes are left", count,
                kMostGgufTensors, parser.left());
  }
  std::vector<Entry> out;
  std::set<std::string, std::less<>> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    CAIRN_ASSIGN(Entry entry, read_entry(parser, fmt::format("tensor {}", i)));
    if (!names.insert(entry.tensor.name).second) {
      return fail(ErrorCode::malformed, "GGUF: the tensor '{}' is there twice", shown(entry.tensor.name));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::uint64_t> alignment_of(const GgufFile& file) {
  if (!file.find("general.alignment")) return std::uint64_t{kGgufAlignment};
  CAIRN_ASSIGN(const std::uint64_t value, file.natural("general.alignment"));
  if (value == 0 || value > kMostAlignment || (value & (value - 1)) != 0) {
    return fail(ErrorCode::malformed, "GGUF: 'general.alignment' is {}, expected a power of two up to {}", value,
                kMostAlignment);
  }
  return value;
}

// Gives each tensor its bytes of `data`. They lie one after another, so none can overlap another.
Status place(std::vector<Entry> entries, ByteView data, std::uint64_t alignment, GgufFile& into) {
  std::uint64_t expected = 0, end = 0;
  for (Entry& entry : entries) {
    if (entry.offset != expected) {
      return fail(ErrorCode::malformed, "GGUF: tensor '{}' is at offset {}, expected {}", shown(entry.tensor.name),
                  entry.offset, expected);
    }
    if (expected > data.size() || entry.bytes > data.size() - expected) {
      return fail(ErrorCode::malformed, "GGUF: tensor '{}' has {} bytes at {}, the file has {} bytes of data",
                  shown(entry.tensor.name), entry.bytes, expected, data.size());
    }
    entry.tensor.bytes = data.subspan(static_cast<std::size_t>(expected), static_cast<std::size_t>(entry.bytes));
    end = expected + entry.bytes;
    expected = (end + alignment - 1) / alignment * alignment;
    into.tensors.push_back(std::move(entry.tensor));
  }
  if (data.size() > expected) {
    return fail(ErrorCode::malformed, "GGUF: {} bytes of data, expected {}", data.size(), end);
  }
  return {};
}

}  // namespace

Result<GgufFile> read_gguf(ByteView file) {
  Parser parser(file);
  GgufFile out;
  CAIRN_ASSIGN(out.version, read_version(parser));
  CAIRN_ASSIGN(const auto tensors, parser.number<std::uint64_t>("the number of tensors"));
  CAIRN_ASSIGN(const auto keys, parser.number<std::uint64_t>("the number of keys"));
  CAIRN_ASSIGN(out.metadata, read_metadata_of(parser, keys));
  CAIRN_ASSIGN(std::vector<Entry> entries, read_entries(parser, tensors));
  CAIRN_ASSIGN(const std::uint64_t alignment, alignment_of(out));
  const std::uint64_t data = (parser.at() + alignment - 1) / alignment * alignment;
  if (data > file.size() && !entries.empty()) {
    return fail(ErrorCode::malformed, "GGUF: the data begins at {}, the file has {} bytes", data, file.size());
  }
  const std::size_t from = static_cast<std::size_t>(std::min<std::uint64_t>(data, file.size()));
  CAIRN_TRY(place(std::move(entries), file.subspan(from), alignment, out));
  return out;
}

}  // namespace cairn::model
