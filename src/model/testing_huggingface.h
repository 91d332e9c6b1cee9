// For tests: the forward pass of Hugging Face's model types in double precision, from a config.json and the tensors of
// its files alone: by the names, shapes and arrangement that those classes define, one number after another. It shares
// nothing with the engine, so what agrees with it has been written and read as others would.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/tensor_file.h"

namespace cairn::model {

class HuggingFaceReference {
 public:
  using Vector = std::vector<double>;
  using Rows = std::vector<Vector>;  // [T]

  HuggingFaceReference(const std::string& config, const std::vector<FileTensor>& tensors)
      : config_(parse_json(config).value()) {
    for (const FileTensor& tensor : tensors) {
      Vector& values = tensors_[tensor.name];
      for (std::size_t i = 0; i < tensor.bytes.size() / 4; ++i) {
        float value;
        std::memcpy(&value, tensor.bytes.data() + 4 * i, 4);
        values.push_back(value);
      }
    }
  }

  Rows logits(const std::vector<std::int32_t>& ids) {
    const std::string type = config_["model_type"];
    if (type == "gpt2") return gpt2(ids);
    if (type == "gptj") return gptj(ids);
    return type == "gpt_neox" ? neox(ids) : llama(ids);
  }

 private:
  std::size_t number(const char* key) const { return config_[key].get<std::size_t>(); }
  const Vector& tensor(const std::string& name) const { return tensors_.at(name); }
  bool has(const std::string& name) const { return tensors_.contains(name); }

  Rows embed(const std::string& name, const std::vector<std::int32_t>& ids, std::size_t width) const {
    Rows out;
    for (const std::int32_t id : ids) {
      const auto from = tensor(name).begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(id) * width);
      out.emplace_back(from, from + static_cast<std::ptrdiff_t>(width));
    }
    return out;
  }
  // nn.Linear: weight [out, in]. conv1d: [in, out], as GPT-2 has it.
  Rows linear(const std::string& name, const Rows& x, bool conv1d = false) const {
    const Vector& w = tensor(name + ".weight");
    const std::size_t in = x[0].size(), out = w.size() / in;
    Rows y(x.size(), Vector(out));
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t i = 0; i < in; ++i) y[t][o] += x[t][i] * (conv1d ? w[i * out + o] : w[o * in + i]);
        if (has(name + ".bias")) y[t][o] += tensor(name + ".bias")[o];
      }
    return y;
  }
  static Rows add(Rows a, const Rows& b) {
    for (std::size_t t = 0; t < a.size(); ++t)
      for (std::size_t i = 0; i < a[t].size(); ++i) a[t][i] += b[t][i];
    return a;
  }
  Rows layer_norm(const std::string& name, Rows x, const char* epsilon) const {
    for (Vector& row : x) {
      double mean = 0, square = 0;
      for (const double v : row) mean += v / static_cast<double>(row.size());
      for (const double v : row) square += (v - mean) * (v - mean) / static_cast<double>(row.size());
      const double scale = 1 / std::sqrt(square + config_[epsilon].get<double>());
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = (row[i] - mean) * scale * tensor(name + ".weight")[i] + tensor(name + ".bias")[i];
    }
    return x;
  }
  void rms(const std::string& name, double* x, std::size_t n) const {
    double square = 0;
    for (std::size_t i = 0; i < n; ++i) square += x[i] * x[i] / static_cast<double>(n);
    const double scale = 1 / std::sqrt(square + config_["rms_norm_eps"].get<double>());
    for (std::size_t i = 0; i < n; ++i) x[i] *= scale * tensor(name + ".weight")[i];
  }
  Rows rms_norm(const std::string& name, Rows x) const {
    for (Vector& row : x) rms(name, row.data(), row.size());
    return x;
  }
  static double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }
  static double gelu_new(double x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  }
  static double silu(double x) { return x / (1 + std::exp(-x)); }
  static Rows each(Rows x, double (*f)(double)) {
    for (Vector& row : x)
      for (double& v : row) v = f(v);
    return x;
  }
  double (*activation(const char* key) const)(double) { return config_[key] == "gelu" ? gelu : gelu_new; }

  // The frequency as "rope_scaling" has it: divided, or by its wavelength.
  double scaled(double frequency) const {
    const auto found = config_.find("rope_scaling");
    if (found == config_.end()) return frequency;
    const Json& s = *found;
    const double factor = s["factor"];
    if (s["rope_type"] == "linear") return frequency / factor;
    const double low = s["low_freq_factor"], high = s["high_freq_factor"];
    const double trained = s["original_max_position_embeddings"], wavelength = 2 * M_PI / frequency;
    if (wavelength > trained / low) return frequency / factor;
    if (wavelength < trained / high) return frequency;
    const double smooth = (trained / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }
  // Turns the first `width` channels of a head at position t; pair i is (2i, 2i + 1) or (i, i + width / 2).
  void rotate(double* head, std::size_t width, std::size_t t, double base, bool every_two) const {
    for (std::size_t i = 0; i < width / 2; ++i) {
      const double angle =
          static_cast<double>(t) * scaled(std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(width)));
      double &a = head[every_two ? 2 * i : i], &b = head[every_two ? 2 * i + 1 : i + width / 2];
      const double turned = a * std::cos(angle) - b * std::sin(angle);
      b = a * std::sin(angle) + b * std::cos(angle);
      a = turned;
    }
  }

  // q [T][heads D], k and v [T][kv_heads D]; `turn` sees each head of q and k.
  using Turn = std::function<void(double* head, std::size_t t, bool query)>;
  static Rows attend(Rows q, Rows k, const Rows& v, std::size_t heads, std::size_t width, const Turn& turn) {
    const std::size_t shared = q[0].size() / k[0].size();
    for (std::size_t t = 0; t < q.size(); ++t) {
      for (std::size_t h = 0; h < heads; ++h) turn(q[t].data() + h * width, t, true);
      for (std::size_t h = 0; h < heads / shared; ++h) turn(k[t].data() + h * width, t, false);
    }
    Rows out(q.size(), Vector(q[0].size()));
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t t = 0; t < q.size(); ++t) {
        const std::size_t at = h * width, kv = h / shared * width;
        Vector weight(t + 1);
        double sum = 0;
        for (std::size_t s = 0; s <= t; ++s) {
          double score = 0;
          for (std::size_t d = 0; d < width; ++d) score += q[t][at + d] * k[s][kv + d];
          sum += weight[s] = std::exp(score / std::sqrt(static_cast<double>(width)));
        }
        for (std::size_t s = 0; s <= t; ++s)
          for (std::size_t d = 0; d < width; ++d) out[t][at + d] += weight[s] / sum * v[s][kv + d];
      }
    return out;
  }
  static Rows columns(const Rows& x, std::size_t from, std::size_t count) {
    Rows out;
    for (const Vector& row : x)
      out.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(from),
                       row.begin() + static_cast<std::ptrdiff_t>(from + count));
    return out;
  }
  Rows head(const char* own, const std::string& embedding, const Rows& x) const {
    if (!config_["tie_word_embeddings"].get<bool>()) return linear(own, x);
    return linear(embedding, x);
  }

  Rows llama(const std::vector<std::int32_t>& ids) const {
    const std::size_t heads = number("num_attention_heads"), width = number("head_dim");
    const double base = config_["rope_theta"];
    Rows x = embed("model.embed_tokens.weight", ids, number("hidden_size"));
    for (std::size_t i = 0; i < number("num_hidden_layers"); ++i) {
      const std::string layer = fmt::format("model.layers.{}.", i), attention = layer + "self_attn.";
      const Rows read = rms_norm(layer + "input_layernorm", x);
      const Turn turn = [&](double* one, std::size_t t, bool query) {
        const std::string norm = attention + (query ? "q_norm" : "k_norm");
        if (has(norm + ".weight")) rms(norm, one, width);
        rotate(one, width, t, base, false);
      };
      x = add(
          x, linear(attention + "o_proj", attend(linear(attention + "q_proj", read), linear(attention + "k_proj", read),
                                                 linear(attention + "v_proj", read), heads, width, turn)));
      const Rows second = rms_norm(layer + "post_attention_layernorm", x);
      Rows gated = each(linear(layer + "mlp.gate_proj", second), silu);
      const Rows up = linear(layer + "mlp.up_proj", second);
      for (std::size_t t = 0; t < up.size(); ++t)
        for (std::size_t f = 0; f < up[t].size(); ++f) gated[t][f] *= up[t][f];
      x = add(x, linear(layer + "mlp.down_proj", gated));
    }
    return head("lm_head", "model.embed_tokens", rms_norm("model.norm", x));
  }

  Rows gpt2(const std::vector<std::int32_t>& ids) const {
    const std::size_t width = number("n_embd"), heads = number("n_head");
    Rows x = embed("transformer.wte.weight", ids, width);
    std::vector<std::int32_t> positions;
    for (std::size_t t = 0; t < ids.size(); ++t) positions.push_back(static_cast<std::int32_t>(t));
    x = add(x, embed("transformer.wpe.weight", positions, width));
    for (std::size_t i = 0; i < number("n_layer"); ++i) {
      const std::string layer = fmt::format("transformer.h.{}.", i);
      const Rows qkv = linear(layer + "attn.c_attn", layer_norm(layer + "ln_1", x, "layer_norm_epsilon"), true);
      const Rows mixed = attend(columns(qkv, 0, width), columns(qkv, width, width), columns(qkv, 2 * width, width),
                                heads, width / heads, [](double*, std::size_t, bool) {});
      x = add(x, linear(layer + "attn.c_proj", mixed, true));
      const Rows up = linear(layer + "mlp.c_fc", layer_norm(layer + "ln_2", x, "layer_norm_epsilon"), true);
      x = add(x, linear(layer + "mlp.c_proj", each(up, activation("activation_function")), true));
    }
    return head("lm_head", "transformer.wte", layer_norm("transformer.ln_f", x, "layer_norm_epsilon"));
  }

  Rows gptj(const std::vector<std::int32_t>& ids) const {
    const std::size_t width = number("n_embd"), heads = number("n_head"), turned = number("rotary_dim");
    Rows x = embed("transformer.wte.weight", ids, width);
    for (std::size_t i = 0; i < number("n_layer"); ++i) {
      const std::string layer = fmt::format("transformer.h.{}.", i);
      const Rows read = layer_norm(layer + "ln_1", x, "layer_norm_epsilon");
      const Turn turn = [&](double* one, std::size_t t, bool) { rotate(one, turned, t, 10000.0, true); };
      const Rows mixed = attend(linear(layer + "attn.q_proj", read), linear(layer + "attn.k_proj", read),
                                linear(layer + "attn.v_proj", read), heads, width / heads, turn);
      const Rows up = each(linear(layer + "mlp.fc_in", read), activation("activation_function"));
      x = add(x, add(linear(layer + "attn.out_proj", mixed), linear(layer + "mlp.fc_out", up)));
    }
    return linear("lm_head", layer_norm("transformer.ln_f", x, "layer_norm_epsilon"));
  }

  Rows neox(const std::vector<std::int32_t>& ids) const {
    const std::size_t heads = number("num_attention_heads"), width = number("hidden_size") / heads;
    const auto turned = static_cast<std::size_t>(static_cast<double>(width) * config_["rotary_pct"].get<double>());
    const double base = config_["rotary_emb_base"];
    Rows x = embed("gpt_neox.embed_in.weight", ids, number("hidden_size"));
    for (std::size_t i = 0; i < number("num_hidden_layers"); ++i) {
      const std::string layer = fmt::format("gpt_neox.layers.{}.", i);
      const Rows qkv =
          linear(layer + "attention.query_key_value", layer_norm(layer + "input_layernorm", x, "layer_norm_eps"));
      Rows parts[3];
      for (std::size_t part = 0; part < 3; ++part)
        for (const Vector& row : qkv) {
          Vector& out = parts[part].emplace_back();
          for (std::size_t h = 0; h < heads; ++h)
            for (std::size_t d = 0; d < width; ++d) out.push_back(row[(h * 3 + part) * width + d]);
        }
      const Turn turn = [&](double* one, std::size_t t, bool) { rotate(one, turned, t, base, false); };
      const Rows mixed = linear(layer + "attention.dense", attend(parts[0], parts[1], parts[2], heads, width, turn));
      const bool parallel = config_["use_parallel_residual"];
      const Rows middle = add(x, mixed);
      const Rows second = layer_norm(layer + "post_attention_layernorm", parallel ? x : middle, "layer_norm_eps");
      const Rows up = each(linear(layer + "mlp.dense_h_to_4h", second), activation("hidden_act"));
      x = add(middle, linear(layer + "mlp.dense_4h_to_h", up));
    }
    return head("embed_out", "gpt_neox.embed_in", layer_norm("gpt_neox.final_layer_norm", x, "layer_norm_eps"));
  }

  Json config_;
  std::map<std::string, Vector> tensors_;
};

}  // namespace cairn::model
