#include "model/foreign.h"

#include <algorithm>
#include <map>

namespace cairn::model {
namespace {

constexpr std::size_t kAtOnce = std::size_t{1} << 18;  // elements; a multiple of what Q8_0 blocks need

}  // namespace

std::size_t ForeignTensor::count() const {
  std::size_t out = 1;
  for (const std::uint64_t n : shape) out *= static_cast<std::size_t>(n);
  return out;
}

std::size_t ForeignTensor::row(std::size_t in_file) const {
  const std::size_t width = channels.size();
  if (order == RowOrder::heads) {
    return in_file < turned ? in_file / width * width + channels[in_file % width] : in_file;
  }
  if (order != RowOrder::by_head) return in_file;
  const std::size_t heads = static_cast<std::size_t>(shape[0]) / (3 * width);
  const std::size_t head = in_file / (3 * width), part = in_file / width % 3, channel = in_file % width;
  return (part * heads + head) * width + (part < 2 ? channels[channel] : channel);
}

std::size_t ForeignTensor::place(std::size_t i) const {
  if (order == RowOrder::same) return first + i;
  if (order == RowOrder::transposed) {
    const std::size_t rows = static_cast<std::size_t>(shape[1]);
    return first + i % rows * columns + i / rows;
  }
  return first + row(i / columns) * columns + i % columns;
}

std::size_t ForeignTensor::run(std::size_t i) const {
  if (order == RowOrder::same) return count() - i;
  return order == RowOrder::transposed ? 1 : columns - i % columns;
}

ForeignBuilder::ForeignBuilder(const ModelConfig& config, Pairs pairs) : config_(config) {
  const std::size_t turned = config.positions == Positions::rotary ? config.turned_width() : 0, half = turned / 2;
  const bool in_file = pairs == Pairs::interleaved;
  for (std::size_t d = 0; d < config.head_width(); ++d) {
    std::size_t channel = d;
    if (d < turned && in_file != config.rotary_interleaved) {
      channel = in_file ? d % 2 * half + d / 2 : d % half * 2 + d / half;
    }
    channels_.push_back(static_cast<std::uint16_t>(channel));
  }
}

void ForeignBuilder::plain(std::string name, std::size_t at, std::vector<std::uint64_t> shape) {
  tensors_.push_back({.name = std::move(name), .shape = std::move(shape), .first = at});
}

void ForeignBuilder::transposed(std::string name, std::size_t at, std::size_t rows, std::size_t columns) {
  tensors_.push_back({.name = std::move(name),
                      .shape = {columns, rows},
                      .first = at,
                      .columns = columns,
                      .order = RowOrder::transposed});
}

void ForeignBuilder::add(std::string name, std::size_t at, std::size_t rows, std::size_t columns, RowOrder order,
                         std::size_t turned) {
  ForeignTensor out{.name = std::move(name), .shape = {rows}, .first = at, .order = order};
  if (columns > 0) {
    out.shape.push_back(columns);
    out.columns = columns;
  }
  out.channels = channels_;
  out.turned = turned;
  tensors_.push_back(std::move(out));
}

void ForeignBuilder::heads(std::string name, std::size_t at, std::size_t heads, std::size_t columns) {
  const std::size_t rows = heads * config_.head_width();
  add(std::move(name), at, rows, columns, RowOrder::heads, rows);
}

void ForeignBuilder::by_head(std::string name, std::size_t at, std::size_t columns) {
  add(std::move(name), at, config_.qkv_width(), columns, RowOrder::by_head, 0);
}

void ForeignBuilder::stacked(std::string name, std::size_t at, std::size_t columns) {
  const std::size_t turned = config_.attention_width() + config_.kv_width();
  add(std::move(name), at, config_.qkv_width(), columns, RowOrder::heads, turned);
}

namespace {

tl::unexpected<Error> wrong(std::string_view what, const std::string& name, std::string text) {
  return fail(ErrorCode::malformed, "{}: tensor '{}' {}", what, name.substr(0, 128), text);
}

// Calls copy(element of the file after `at`, element of the flat buffer, count) for the n elements from `at` on.
template <class Copy>
void in_runs(const ForeignTensor& tensor, std::size_t at, std::size_t n, const Copy& copy) {
  for (std::size_t i = 0; i < n;) {
    const std::size_t run = std::min(tensor.run(at + i), n - i);
    copy(i, tensor.place(at + i), run);
    i += run;
  }
}

Status read_one(std::string_view what, const StoredTensor& stored, const ForeignTensor& expected, Model& into) {
  const std::span<float> weights = into.weights();
  std::vector<float> values;
  const std::size_t count = expected.count();
  for (std::size_t at = 0; at < count; at += kAtOnce) {
    const std::size_t n = std::min(kAtOnce, count - at);
    const std::uint64_t before[] = {at}, these[] = {n};
    CAIRN_ASSIGN(const std::uint64_t from, byte_count(stored.type, before));
    CAIRN_ASSIGN(const std::uint64_t bytes, byte_count(stored.type, these));
    values.resize(n);
    const auto piece = stored.bytes.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(bytes));
    if (const auto decoded = decode_elements(stored.type, piece, values); !decoded) {
      return wrong(what, expected.name, fmt::format("from value {} on: {}", at, decoded.error().message));
    }
    in_runs(expected, at, n, [&](std::size_t i, std::size_t place, std::size_t run) {
      std::copy_n(values.data() + i, run, weights.data() + place);
    });
  }
  return {};
}

}  // namespace

Result<std::vector<const StoredTensor*>> match_foreign(std::string_view what, std::span<const StoredTensor> stored,
                                                       std::span<const ForeignTensor> expected,
                                                       const std::function<bool(std::string_view)>& harmless) {
  std::map<std::string_view, const StoredTensor*> by_name;
  for (const StoredTensor& tensor : stored) by_name[tensor.name] = &tensor;
  std::vector<const StoredTensor*> out;
  for (const ForeignTensor& tensor : expected) {
    const auto it = by_name.find(tensor.name);
    if (it == by_name.end()) return wrong(what, tensor.name, "is missing");
    if (it->second->shape != tensor.shape) {
      return wrong(what, tensor.name,
                   fmt::format("has shape [{}], expected [{}]", fmt::join(it->second->shape, ", "),
                               fmt::join(tensor.shape, ", ")));
    }
    out.push_back(it->second);
    by_name.erase(it);
  }
  for (const auto& [name, tensor] : by_name) {
    if (!harmless(name)) return wrong(what, tensor->name, "is not one that the configuration has");
  }
  return out;
}

Status read_foreign(std::string_view what, std::span<const StoredTensor* const> matched,
                    std::span<const ForeignTensor> expected, Model& into,
                    const std::function<void(std::size_t)>& progress) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAIRN_TRY(read_one(what, *matched[i], expected[i], into));
    if (progress) progress(i + 1);
  }
  return {};
}

Status write_foreign(const Model& model, const ForeignTensor& tensor, ElementType type, const ByteSink& sink) {
  const std::span<const float> weights = model.weights();
  std::vector<float> values;
  Bytes bytes;
  const std::size_t count = tensor.count();
  for (std::size_t at = 0; at < count; at += kAtOnce) {
    values.resize(std::min(kAtOnce, count - at));
    in_runs(tensor, at, values.size(), [&](std::size_t i, std::size_t place, std::size_t run) {
      std::copy_n(weights.data() + place, run, values.data() + i);
    });
    bytes.clear();
    if (auto encoded = encode_elements(type, values, bytes); !encoded) {
      return fail(std::move(encoded).error().within(fmt::format("tensor '{}', from value {} on", tensor.name, at)));
    }
    CAIRN_TRY(sink(bytes));
  }
  return {};
}

}  // namespace cairn::model
