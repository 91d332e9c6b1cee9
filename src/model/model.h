// A model: its configuration and its master weights, one flat buffer of f32 with named views.
// Not the bf16 copies that products read (model/compute.h) and not a file (model/checkpoint.h).
// A movable value that owns its buffer; const access from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/layout.h"

namespace cairn::model {

// f32 at an address that is a multiple of 64; zeroed when made.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(std::size_t count);
  FloatBuffer(const FloatBuffer& other);
  FloatBuffer& operator=(const FloatBuffer& other);
  FloatBuffer(FloatBuffer&&) noexcept = default;
  FloatBuffer& operator=(FloatBuffer&&) noexcept = default;
  std::span<float> span() { return {data_.get(), count_}; }
  std::span<const float> span() const { return {data_.get(), count_}; }
  std::size_t size() const { return count_; }

 private:
  struct Free {
    void operator()(float* data) const;
  };
  std::unique_ptr<float[], Free> data_;
  std::size_t count_ = 0;
};

class Model {
 public:
  // All weights zero. The errors of check().
  static Result<Model> make(const ModelConfig& config);
  // Gains 1, biases 0; matrices normal with deviation 1 / sqrt(columns), those that write to the residual stream 1 /
  // sqrt(2 L) of that, each from its own Philox stream (seed, tensor index): the same on every machine. A fixed
  // deviation of 0.02, usual for models of a thousand channels, is far too small for a few hundred: it costs such
  // models most of a short run.
  static Result<Model> initialise(const ModelConfig& config, std::uint64_t seed);

  const ModelConfig& config() const { return config_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::span<float> weights() { return weights_.span(); }              // [P]
  std::span<const float> weights() const { return weights_.span(); }  // [P]
  std::span<const float> tensor(const Parameter& parameter) const {
    return weights().subspan(parameter.offset, parameter.count);
  }
  // Null where there is none of that name.
  const Parameter* find(std::string_view name) const;

 private:
  Model(ModelConfig config, std::vector<Parameter> parameters);
  ModelConfig config_;
  std::vector<Parameter> parameters_;
  FloatBuffer weights_;
};

}  // namespace cairn::model
