// For tests: a model's forward pass and loss in double precision, as its family's papers write it down, one number
// after another: what the engine computes in bfloat16 and binary32 must come near it. Finds weights by name alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/layout.h"
#include "tensor/bf16.h"
#include "tensor/dropout_factors.h"

namespace cairn::model {

class Reference {
 public:
  using Vector = std::vector<double>;
  using Rows = std::vector<Vector>;

  explicit Reference(const ModelConfig& config) : c_(config) {
    for (const Parameter& p : parameters_of(config)) places_[p.name] = p;
  }

  // Matrices as products read them: rounded to bfloat16.
  static Vector weights_of(const ModelConfig& config, std::span<const float> masters) {
    Vector out(masters.begin(), masters.end());
    for (const Parameter& p : parameters_of(config))
      for (std::size_t i = p.offset; i < p.offset + p.count && !p.is_vector(); ++i)
        out[i] = static_cast<double>(tensor::to_float(tensor::to_bf16(masters[i])));
    return out;
  }

  // What later calls drop: of the sequence `sequence` of a batch, by the numbering of pass.h.
  void drop(float rate, tensor::Stream stream, std::size_t sequence) {
    rate_ = rate;
    stream_ = stream;
    sequence_ = sequence;
  }

  // Of one sequence: [T][V].
  Rows logits(const Vector& weights, std::span<const std::int32_t> ids) {
    weights_ = &weights;
    Rows x(ids.size());
    for (std::size_t t = 0; t < ids.size(); ++t) {
      x[t] = row("model.embed_tokens.weight", static_cast<std::size_t>(ids[t]));
      if (c_.positions == Positions::learned) x[t] = sum(x[t], row("model.embed_positions.weight", t));
    }
    x = dropped(x, 0);
    for (std::uint32_t layer = 0; layer < c_.layers; ++layer) {
      layer_ = layer;
      at_ = "model.layers." + std::to_string(layer) + ".";
      const Rows read = norm(x, at_ + "input_layernorm");
      const Rows middle = sum(x, dropped(attention(read), 3 * layer + 2));
      const Rows second = c_.residual == Residual::parallel_shared_norm ? read
                          : c_.residual == Residual::parallel           ? norm(x, at_ + "post_attention_layernorm")
                                                              : norm(middle, at_ + "post_attention_layernorm");
      x = sum(middle, dropped(feed_forward(second), 3 * layer + 3));
    }
    if (c_.final_norm) x = norm(x, "model.norm");
    return each(x, [&](const Vector& v) {
      return map(v, c_.tied_embeddings ? "model.embed_tokens.weight" : "lm_head.weight", "lm_head.bias");
    });
  }

  // The sum over one sequence's tokens.
  double loss(const Vector& weights, std::span<const std::int32_t> ids, std::span<const std::int32_t> targets,
              double z_loss = 0) {
    double total = 0;
    const Rows all = logits(weights, ids);
    for (std::size_t t = 0; t < all.size(); ++t) {
      if (targets[t] < 0) continue;
      double z = 0;
      for (const double v : all[t]) z += std::exp(v);
      total += std::log(z) - all[t][static_cast<std::size_t>(targets[t])] + z_loss * std::pow(std::log(z), 2);
    }
    return total;
  }

 private:
  template <class F>
  static Rows each(const Rows& rows, F f) {
    Rows out;
    for (const Vector& v : rows) out.push_back(f(v));
    return out;
  }
  static Vector sum(const Vector& a, const Vector& b) {
    Vector out = a;
    for (std::size_t i = 0; i < a.size(); ++i) out[i] += b[i];
    return out;
  }
  static Rows sum(const Rows& a, const Rows& b) {
    Rows out;
    for (std::size_t i = 0; i < a.size(); ++i) out.push_back(sum(a[i], b[i]));
    return out;
  }
  // The elements of one place of dropout: 2^44 for each, then T C for each sequence.
  Rows dropped(const Rows& rows, std::uint64_t place) const {
    if (rate_ == 0) return rows;
    Rows out = rows;
    std::vector<float> factors(c_.width);
    std::uint64_t at = (place << 44) + sequence_ * rows.size() * c_.width;
    for (Vector& row : out) {
      tensor::dropout_factors({.rate = rate_, .stream = stream_}, at, row.size(), factors.data());
      for (std::size_t i = 0; i < row.size(); ++i) row[i] *= static_cast<double>(factors[i]);
      at += row.size();
    }
    return out;
  }
  bool has(const std::string& name) const { return places_.contains(name); }
  const double* values(const std::string& name) const { return weights_->data() + places_.at(name).offset; }
  Vector row(const std::string& name, std::size_t r) const {
    const double* first = values(name) + r * c_.width;
    return {first, first + c_.width};
  }
  Vector map(const Vector& x, const std::string& matrix, const std::string& bias) const {
    Vector out(places_.at(matrix).shape[0], 0);
    const double* w = values(matrix);
    for (std::size_t o = 0; o < out.size(); ++o)
      for (std::size_t i = 0; i < x.size(); ++i) out[o] += *w++ * x[i];
    if (has(bias)) out = sum(out, Vector(values(bias), values(bias) + out.size()));
    return out;
  }
  Vector map(const Vector& x, const std::string& name) const { return map(x, name + ".weight", name + ".bias"); }

  Rows norm(const Rows& x, const std::string& name) const {
    return each(x, [&](const Vector& v) { return norm(v, name, c_.norm == Norm::layer); });
  }
  Vector norm(const Vector& x, const std::string& name, bool centred) const {
    const double n = static_cast<double>(x.size());
    double mean = 0, square = 0;
    for (const double v : x) mean += centred ? v / n : 0;
    for (const double v : x) square += (v - mean) * (v - mean) / n;
    Vector out(x.size());
    const double* gain = values(name + ".weight");
    for (std::size_t i = 0; i < x.size(); ++i) {
      out[i] = (x[i] - mean) / std::sqrt(square + static_cast<double>(c_.norm_epsilon)) * gain[i];
      if (has(name + ".bias")) out[i] += values(name + ".bias")[i];
    }
    return out;
  }

  // The heads of one map of one token, normed and turned where they are to be.
  Rows heads(const Vector& x, const std::string& name, const std::string& gain, std::size_t position) const {
    const Vector all = map(x, name);
    Rows out;
    for (std::size_t first = 0; first < all.size(); first += c_.head_width()) {
      Vector head(all.begin() + static_cast<std::ptrdiff_t>(first),
                  all.begin() + static_cast<std::ptrdiff_t>(first + c_.head_width()));
      if (has(gain + ".weight")) head = norm(head, gain, false);
      if (!gain.empty() && c_.positions == Positions::rotary) turn(head, position);
      out.push_back(head);
    }
    return out;
  }
  void turn(Vector& head, std::size_t position) const {
    const std::size_t half = c_.turned_width() / 2;
    for (std::size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(position) * frequency(i, half);
      double& a = head[c_.rotary_interleaved ? 2 * i : i];
      double& b = head[c_.rotary_interleaved ? 2 * i + 1 : i + half];
      const double turned = a * std::cos(angle) - b * std::sin(angle);
      b = a * std::sin(angle) + b * std::cos(angle);
      a = turned;
    }
  }
  // Of a pair of channels; divided by the factor where it turns less often than `low` times within the positions of the
  // first training, as it is from `high` times on, and between them by shares.
  double frequency(std::size_t pair, std::size_t half) const {
    const double share = static_cast<double>(pair) / static_cast<double>(half);
    const double plain = std::pow(static_cast<double>(c_.rope_base), -share);
    const auto factor = static_cast<double>(c_.rope_factor), low = static_cast<double>(c_.rope_low),
               high = static_cast<double>(c_.rope_high);
    if (c_.rope_original == 0) return plain / factor;
    const double turns = plain * c_.rope_original / (2 * std::acos(-1.0));
    const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    return kept * plain + (1 - kept) * plain / factor;
  }
  // Of the weight of a query and a key: 2^44 for each place, then H T T for each sequence.
  double kept(std::size_t head, std::size_t query, std::size_t key, std::size_t time) const {
    float factor = 1;
    if (rate_ == 0) return 1;
    const std::uint64_t at = ((3 * layer_ + 1) << 44) + ((sequence_ * c_.heads + head) * time + query) * time + key;
    tensor::dropout_factors({.rate = rate_, .stream = stream_}, at, 1, &factor);
    return static_cast<double>(factor);
  }
  Rows attention(const Rows& x) const {
    std::vector<Rows> q, k, v;
    for (std::size_t t = 0; t < x.size(); ++t) {
      q.push_back(heads(x[t], at_ + "self_attn.q_proj", at_ + "self_attn.q_norm", t));
      k.push_back(heads(x[t], at_ + "self_attn.k_proj", at_ + "self_attn.k_norm", t));
      v.push_back(heads(x[t], at_ + "self_attn.v_proj", "", t));
    }
    Rows out;
    for (std::size_t t = 0; t < x.size(); ++t) {
      Vector joined;
      for (std::size_t h = 0; h < c_.heads; ++h) {
        const std::size_t g = h / (c_.heads / c_.kv_heads), keys = c_.causal ? t + 1 : x.size();
        Vector given(c_.head_width(), 0);
        double total = 0;
        for (std::size_t s = 0; s < keys; ++s) {
          double score = 0;
          for (std::size_t d = 0; d < given.size(); ++d) score += q[t][h][d] * k[s][g][d];
          const double weight = std::exp(score / std::sqrt(static_cast<double>(given.size())));
          const double fate = kept(h, t, s, x.size());
          total += weight;
          for (std::size_t d = 0; d < given.size(); ++d) given[d] += weight * fate * v[s][g][d];
        }
        for (const double value : given) joined.push_back(value / total);
      }
      out.push_back(map(joined, at_ + "self_attn.o_proj"));
    }
    return out;
  }
  Rows feed_forward(const Rows& x) const {
    return each(x, [&](const Vector& in) {
      Vector up = map(in, at_ + "mlp.up_proj");
      if (c_.activation == Activation::swiglu) {
        const Vector gate = map(in, at_ + "mlp.gate_proj");
        for (std::size_t i = 0; i < up.size(); ++i) up[i] *= gate[i] / (1 + std::exp(-gate[i]));
      } else {
        for (double& v : up) v *= 0.5 * (1 + bend(v));
      }
      return map(up, at_ + "mlp.down_proj");
    });
  }
  double bend(double v) const {
    if (c_.activation == Activation::gelu) return std::erf(v / std::sqrt(2.0));
    return std::tanh(std::sqrt(2 / std::acos(-1.0)) * (v + 0.044715 * v * v * v));
  }

  const ModelConfig c_;
  std::map<std::string, Parameter> places_;
  const Vector* weights_ = nullptr;
  std::string at_;
  float rate_ = 0;
  tensor::Stream stream_;
  std::size_t sequence_ = 0;
  std::uint64_t layer_ = 0;
};

}  // namespace cairn::model
