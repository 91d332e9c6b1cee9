// A yardstick, not a part of Cairn: the same decoder trained with LibTorch, as its users would write it.
// Prints one line of JSON like that of `cairn bench train`. Built where libtorch-dev is installed.
#include <ATen/autocast_mode.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

struct Settings {
  std::int64_t layers = 6, width = 384, heads = 6, vocab = 8192, context = 256, batch = 8, steps = 5;
  std::int64_t hidden = 0;   // 0: 8/3 of the width in whole cache lines, as `cairn bench train` takes it
  std::int64_t threads = 0;  // 0: one per processor
  std::int64_t bf16 = 0;     // 1: the forward pass under autocast
};

struct RmsNormImpl : torch::nn::Module {
  explicit RmsNormImpl(std::int64_t width) : gain(register_parameter("gain", torch::ones({width}))) {}
  torch::Tensor forward(const torch::Tensor& x) { return x * torch::rsqrt(x.square().mean(-1, true) + 1e-5) * gain; }
  torch::Tensor gain;
};
TORCH_MODULE(RmsNorm);

torch::nn::Linear linear(std::int64_t in, std::int64_t out) {
  return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

torch::Tensor rotate(const torch::Tensor& x, const torch::Tensor& cosine, const torch::Tensor& sine) {
  const auto halves = x.chunk(2, -1);
  return torch::cat({halves[0] * cosine - halves[1] * sine, halves[1] * cosine + halves[0] * sine}, -1);
}

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(const Settings& s)
      : heads(s.heads),
        attention_norm(register_module("attention_norm", RmsNorm(s.width))),
        feed_forward_norm(register_module("feed_forward_norm", RmsNorm(s.width))),
        qkv(register_module("qkv", linear(s.width, 3 * s.width))),
        output(register_module("output", linear(s.width, s.width))),
        gate_up(register_module("gate_up", linear(s.width, 2 * s.hidden))),
        down(register_module("down", linear(s.hidden, s.width))) {}

  torch::Tensor forward(torch::Tensor x, const torch::Tensor& cosine, const torch::Tensor& sine,
                        const torch::Tensor& mask) {
    const auto B = x.size(0), T = x.size(1), C = x.size(2), D = C / heads;
    const auto parts = qkv(attention_norm(x)).view({B, T, 3, heads, D}).permute({2, 0, 3, 1, 4}).unbind(0);
    const auto q = rotate(parts[0], cosine, sine), k = rotate(parts[1], cosine, sine);
    const auto scores = torch::matmul(q, k.transpose(-2, -1)) * (1.0 / std::sqrt(static_cast<double>(D))) + mask;
    const auto attended = torch::matmul(torch::softmax(scores, -1), parts[2]);
    x = x + output(attended.transpose(1, 2).reshape({B, T, C}));
    const auto wide = gate_up(feed_forward_norm(x)).chunk(2, -1);
    return x + down(torch::silu(wide[0]) * wide[1]);
  }

  std::int64_t heads;
  RmsNorm attention_norm, feed_forward_norm;
  torch::nn::Linear qkv, output, gate_up, down;
};
TORCH_MODULE(Block);

struct DecoderImpl : torch::nn::Module {
  explicit DecoderImpl(const Settings& s)
      : embedding(register_module("embedding", torch::nn::Embedding(s.vocab, s.width))),
        norm(register_module("norm", RmsNorm(s.width))) {
    for (std::int64_t i = 0; i < s.layers; ++i) blocks->push_back(Block(s));
    register_module("blocks", blocks);
    const auto half = s.width / s.heads / 2;
    const auto frequency = torch::pow(10000.0, -torch::arange(half) / static_cast<double>(half));
    const auto angle = torch::outer(torch::arange(s.context), frequency);
    cosine = angle.cos();
    sine = angle.sin();
    mask = torch::full({s.context, s.context}, -1e9).triu(1);
  }
  torch::Tensor forward(const torch::Tensor& ids) {
    auto x = embedding(ids);
    for (const auto& block : *blocks) x = block->as<Block>()->forward(x, cosine, sine, mask);
    return torch::matmul(norm(x), embedding->weight.t());
  }
  torch::nn::Embedding embedding;
  torch::nn::ModuleList blocks;
  RmsNorm norm;
  torch::Tensor cosine, sine, mask;
};
TORCH_MODULE(Decoder);

Settings parse(int count, char** words) {
  Settings s;
  const std::pair<const char*, std::int64_t*> known[] = {
      {"--layers", &s.layers},   {"--width", &s.width},     {"--heads", &s.heads}, {"--hidden", &s.hidden},
      {"--vocab", &s.vocab},     {"--context", &s.context}, {"--batch", &s.batch}, {"--steps", &s.steps},
      {"--threads", &s.threads}, {"--bf16", &s.bf16}};
  for (int i = 1; i < count; i += 2) {
    const auto* option = std::find_if(std::begin(known), std::end(known),
                                      [&](const auto& each) { return std::strcmp(words[i], each.first) == 0; });
    if (option == std::end(known) || i + 1 == count) {
      std::fprintf(stderr, "libtorch_train: %s is no option of this program, or has no value\n", words[i]);
      std::exit(2);
    }
    *option->second = std::atoll(words[i + 1]);
  }
  if (s.hidden == 0) s.hidden = (s.width * 8 / 3 + 63) / 64 * 64;
  return s;
}

}  // namespace

int main(int count, char** words) {
  const Settings s = parse(count, words);
  torch::set_num_threads(static_cast<int>(s.threads > 0 ? s.threads : std::thread::hardware_concurrency()));
  torch::manual_seed(1);
  Decoder model(s);
  torch::optim::AdamW optimiser(model->parameters(), torch::optim::AdamWOptions(1e-3));
  std::vector<double> seconds;
  for (std::int64_t step = 0; step <= s.steps; ++step) {  // the first warms up
    const auto begun = std::chrono::steady_clock::now();
    const auto text = torch::randint(s.vocab, {s.batch, s.context + 1}, torch::kLong);
    at::autocast::set_cpu_enabled(s.bf16 != 0);
    const auto logits = model(text.narrow(1, 0, s.context));
    const auto loss = torch::nn::functional::cross_entropy(logits.view({-1, s.vocab}).to(torch::kFloat),
                                                           text.narrow(1, 1, s.context).reshape({-1}));
    at::autocast::clear_cache();
    at::autocast::set_cpu_enabled(false);
    optimiser.zero_grad();
    loss.backward();
    torch::nn::utils::clip_grad_norm_(model->parameters(), 1.0);
    optimiser.step();
    if (step > 0) seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  std::sort(seconds.begin(), seconds.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::int64_t parameters = 0;
  for (const torch::Tensor& weights : model->parameters()) parameters += weights.numel();
  std::printf("{\"parameters\":%ld,\"peak_rss_bytes\":%ld,\"threads\":%d,\"tokens_per_second\":%.1f}\n", parameters,
              usage.ru_maxrss * 1024, torch::get_num_threads(),
              static_cast<double>(s.batch * s.context) / seconds[seconds.size() / 2]);
}
