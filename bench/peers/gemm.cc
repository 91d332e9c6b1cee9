// A yardstick, not a part of Cairn: matrix products of Cairn, oneDNN and OpenBLAS in turn, in one process, with the
// same threads and the same numbers. Which kernels the others choose is told by their own variables
// (DNNL_MAX_CPU_ISA, OPENBLAS_CORETYPE), Cairn's by CAIRN_ISA; bench/gemm.sh sets them. Prints one line of JSON per
// shape and transpose: GFLOP/s of each pass; bench/ratios.py makes ratios of them.
#include <cblas.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dnnl.hpp>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tensor/product.h"
#include "tensor/random.h"

extern "C" void openblas_set_num_threads(int);

namespace {

using cairn::tensor::Bf16;

struct Shape {
  int m, n, k;
};
constexpr Shape kShapes[] = {{1024, 1024, 1024}, {2048, 2048, 2048}, {4096, 768, 768}, {4096, 3072, 768},
                             {768, 3072, 4096},  {2048, 384, 384},   {2048, 1536, 384}};
// y = x w^T, dx = dy w, dw = dy^T x: which of the operands lie with k outermost.
struct Transpose {
  const char* name;
  bool a, b;
};
constexpr Transpose kTransposes[] = {{"y", false, false}, {"dx", false, true}, {"dw", true, true}};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Waits until the threads of whoever came before sleep: OpenBLAS's look for work for some tens of milliseconds after a
// product, on the core that the next one's threads need.
void settle() {
  const auto used = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  constexpr auto kLook = std::chrono::milliseconds(5);
  double before = used(), after = 0;
  for (int looks = 0; looks < 200; ++looks, before = after) {  // a second at most: some threads never sleep
    std::this_thread::sleep_for(kLook);
    after = used();
    if (after - before < 0.1 * std::chrono::duration<double>(kLook).count()) return;
  }
}

// GFLOP/s of the median run of about `seconds` of them.
double rate(const Shape& s, double seconds, const std::function<void()>& run) {
  settle();
  run();
  std::vector<double> times;
  for (double total = 0; total < seconds || times.size() < 3;) {
    const double begun = now();
    run();
    times.push_back(now() - begun);
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return 2e-9 * s.m * s.n * s.k / times[times.size() / 2];
}

struct Operands {
  std::vector<float> a, b, c;
  std::vector<Bf16> a_narrow, b_narrow;
  Operands(cairn::tensor::Context& context, const Shape& s)
      : a(std::size_t(s.m) * s.k),
        b(std::size_t(s.n) * s.k),
        c(std::size_t(s.m) * s.n),
        a_narrow(a.size()),
        b_narrow(b.size()) {
    cairn::tensor::fill_normal({1, 0}, 0, 1.0F, a);
    cairn::tensor::fill_normal({1, 1}, 0, 1.0F, b);
    for (std::size_t i = 0; i < a.size(); ++i) a_narrow[i] = cairn::tensor::to_bf16(a[i]);
    for (std::size_t i = 0; i < b.size(); ++i) b_narrow[i] = cairn::tensor::to_bf16(b[i]);
  }
};

template <class E>
std::function<void()> ours(cairn::tensor::Context& context, const Shape& s, const Transpose& t, const E* a, const E* b,
                           float* c) {
  using cairn::tensor::by_columns, cairn::tensor::by_rows;
  const auto m = std::size_t(s.m), n = std::size_t(s.n), k = std::size_t(s.k);
  return [&context, m, n, k, t, a, b, c] {
    cairn::tensor::multiply(context, {.m = m,
                                      .n = n,
                                      .k = k,
                                      .a = t.a ? by_columns(a, m) : by_rows(a, k),
                                      .b = t.b ? by_columns(b, n) : by_rows(b, k),
                                      .c = c,
                                      .c_stride = n});
  };
}

std::function<void()> onednn(dnnl::engine& engine, dnnl::stream& stream, const Shape& s, const Transpose& t, bool bf16,
                             void* a, void* b, float* c) {
  using dnnl::memory;
  const auto type = bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const memory::desc a_desc({s.m, s.k}, type, t.a ? memory::dims{1, s.m} : memory::dims{s.k, 1});
  const memory::desc b_desc({s.k, s.n}, type, t.b ? memory::dims{s.n, 1} : memory::dims{1, s.k});
  const memory::desc c_desc({s.m, s.n}, memory::data_type::f32, memory::dims{s.n, 1});
  const dnnl::matmul product({dnnl::matmul::desc(a_desc, b_desc, c_desc), engine});
  const memory a_memory(a_desc, engine, a), b_memory(b_desc, engine, b), c_memory(c_desc, engine, c);
  return [=, &stream] {
    product.execute(stream, {{DNNL_ARG_SRC, a_memory}, {DNNL_ARG_WEIGHTS, b_memory}, {DNNL_ARG_DST, c_memory}});
    stream.wait();
  };
}

std::function<void()> openblas(const Shape& s, const Transpose& t, const float* a, const float* b, float* c) {
  return [=] {
    cblas_sgemm(CblasRowMajor, t.a ? CblasTrans : CblasNoTrans, t.b ? CblasNoTrans : CblasTrans, s.m, s.n, s.k, 1.0F, a,
                t.a ? s.m : s.k, b, t.b ? s.n : s.k, 0.0F, c, s.n);
  };
}

}  // namespace

// usage: gemm_peers TYPE(bf16|f32) [ROUNDS] [SECONDS_PER_PASS]
int main(int count, char** words) {
  const bool bf16 = count < 2 || std::strcmp(words[1], "f32") != 0;
  const int rounds = count > 2 ? std::atoi(words[2]) : 5;
  const double seconds = count > 3 ? std::atof(words[3]) : 0.1;
  auto context = cairn::tensor::Context::make();
  if (!context) {
    fmt::print(stderr, "{}\n", context.error().message);
    return 1;
  }
  omp_set_num_threads(context->threads());
  openblas_set_num_threads(context->threads());
  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  for (const Shape& s : kShapes) {
    Operands x(*context, s);
    for (const Transpose& t : kTransposes) {
      std::map<std::string, std::function<void()>> runs;
      runs["cairn"] = bf16 ? ours(*context, s, t, x.a_narrow.data(), x.b_narrow.data(), x.c.data())
                           : ours(*context, s, t, x.a.data(), x.b.data(), x.c.data());
      try {
        runs["onednn"] = bf16 ? onednn(engine, stream, s, t, true, x.a_narrow.data(), x.b_narrow.data(), x.c.data())
                              : onednn(engine, stream, s, t, false, x.a.data(), x.b.data(), x.c.data());
      } catch (const dnnl::error&) {  // it has no bfloat16 product below AVX-512
      }
      runs["openblas_f32"] = openblas(s, t, x.a.data(), x.b.data(), x.c.data());
      std::map<std::string, std::vector<double>> rates;
      for (int round = 0; round < rounds; ++round)
        for (const auto& [name, run] : runs) rates[name].push_back(rate(s, seconds, run));
      fmt::print("{{\"shape\":\"{}x{}x{}\",\"transpose\":\"{}\"", s.m, s.n, s.k, t.name);
      for (const auto& [name, values] : rates) fmt::print(",\"{}\":[{:.1f}]", name, fmt::join(values, ","));
      fmt::print("}}\n");
      std::fflush(stdout);
    }
  }
}
