#include "train/optimiser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/random.h"
#include "train/run_testing.h"

namespace cairn::train {
namespace {

using Matrix = std::vector<double>;

// c [m, n] = a [m, k] b [k, n]
Matrix product(const Matrix& a, const Matrix& b, std::size_t m, std::size_t k, std::size_t n) {
  Matrix c(m * n);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t p = 0; p < k; ++p)
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * k + p] * b[p * n + j];
  return c;
}
Matrix transposed(const Matrix& a, std::size_t rows, std::size_t columns) {
  Matrix out(a.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = a[i * columns + j];
  return out;
}

// The iteration in double, as Muon's author writes it: X = a X + (b A + c A A) X with A = X X^T.
Matrix iterated(Matrix x, std::size_t rows, std::size_t columns) {
  double norm = 0;
  for (const double v : x) norm += v * v;
  for (double& v : x) v /= std::sqrt(norm);
  for (int i = 0; i < 5; ++i) {
    const Matrix gram = product(x, transposed(x, rows, columns), rows, columns, rows);
    const Matrix square = product(gram, gram, rows, rows, rows);
    Matrix factor(gram.size());
    for (std::size_t j = 0; j < factor.size(); ++j) factor[j] = -4.7750 * gram[j] + 2.0315 * square[j];
    const Matrix change = product(factor, x, rows, rows, columns);
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = 3.4445 * x[j] + change[j];
  }
  return x;
}

double distance(const Matrix& a, std::span<const float> b) {
  double sum = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::pow(a[i] - static_cast<double>(b[i]), 2);
    size += a[i] * a[i];
  }
  return std::sqrt(sum / size);
}

TEST(Orthogonaliser, IsTheIterationInDouble) {
  tensor::Context context = testing_run::one_thread();
  Orthogonaliser orthogonalise;
  const std::size_t shapes[][2] = {{32, 32}, {16, 80}, {80, 16}, {1, 7}, {33, 1}, {48, 49}, {128, 96}};
  for (const auto& [rows, columns] : shapes) {
    std::vector<float> x(rows * columns);
    tensor::fill_normal({rows, columns}, 0, 0.3F, x);
    const Matrix expected = iterated({x.begin(), x.end()}, rows, columns);
    orthogonalise(context, rows, columns, x);
    // bfloat16 rounds by up to 2^-9, and an iteration spreads small differences by up to 3.4.
    EXPECT_LT(distance(expected, x), 0.05) << rows << " x " << columns;
  }
}

// Columns of a rotation, stretched unevenly: what comes out is nearly the rotation.
TEST(Orthogonaliser, EvensOutTheSingularValues) {
  tensor::Context context = testing_run::one_thread();
  constexpr std::size_t kN = 48;
  std::vector<float> x(kN * kN);
  tensor::fill_normal({1, 2}, 0, 1.0F, x);
  Orthogonaliser orthogonalise;
  orthogonalise(context, kN, kN, x);
  const Matrix m(x.begin(), x.end());
  const Matrix gram = product(m, transposed(m, kN, kN), kN, kN, kN);
  double trace = 0, off = 0;
  for (std::size_t i = 0; i < kN; ++i)
    for (std::size_t j = 0; j < kN; ++j) {
      if (i == j) trace += gram[i * kN + j];
      if (i != j) off += std::pow(gram[i * kN + j], 2);
    }
  // Squares of singular values are 0.5 to 1.5, but for the few of a square matrix that begin near zero.
  EXPECT_NEAR(trace / kN, 0.9, 0.25);
  EXPECT_LT(std::sqrt(off / kN), 0.4);
}

TEST(Orthogonaliser, ZeroStaysZeroAndSizeDoesNotMatter) {
  tensor::Context context = testing_run::one_thread();
  Orthogonaliser orthogonalise;
  std::vector<float> zero(12 * 20);
  orthogonalise(context, 12, 20, zero);
  EXPECT_TRUE(std::ranges::all_of(zero, [](float v) { return v == 0.0F; }));
  std::vector<float> x(12 * 20), scaled(x.size());
  tensor::fill_normal({1, 2}, 0, 1.0F, x);
  for (std::size_t i = 0; i < x.size(); ++i) scaled[i] = 1024.0F * x[i];
  orthogonalise(context, 12, 20, x);
  orthogonalise(context, 12, 20, scaled);
  EXPECT_LT(distance({x.begin(), x.end()}, scaled), 0.01);
}

struct Subject {
  explicit Subject(const OptimiserSettings& settings)
      : model(model::Model::initialise(testing_run::tiny_config(), 3).value()),
        optimiser(model.parameters(), settings),
        copies(model.weights().size()) {}

  void steps(tensor::Context& context, std::uint64_t first, std::uint64_t count) {
    std::vector<float> gradient(model.weights().size());
    for (std::uint64_t i = first; i < first + count; ++i) {
      tensor::fill_normal({77, i}, 0, 0.01F, gradient);
      ASSERT_TRUE(
          optimiser.step(context, {.rate = 0.01F, .weights = model.weights(), .gradient = gradient, .copies = copies}));
    }
  }
  std::vector<float> weights() const { return {model.weights().begin(), model.weights().end()}; }

  model::Model model;
  Optimiser optimiser;
  std::vector<tensor::Bf16> copies;
};

constexpr OptimiserSettings kKinds[] = {{.algorithm = Algorithm::adamw, .state_bits = 32, .weight_decay = 0.1F},
                                        {.algorithm = Algorithm::adamw, .state_bits = 8, .weight_decay = 0.1F},
                                        {.algorithm = Algorithm::muon, .state_bits = 32, .weight_decay = 0.1F},
                                        {.algorithm = Algorithm::muon, .state_bits = 8, .weight_decay = 0.1F}};

TEST(Optimiser, ItsStateIsAllThatItCarries) {
  tensor::Context context = testing_run::one_thread();
  for (const OptimiserSettings& kind : kKinds) {
    Subject whole(kind), first(kind), second(kind);
    whole.steps(context, 0, 9);
    first.steps(context, 0, 4);
    std::ranges::copy(first.weights(), second.model.weights().begin());
    const auto from = first.optimiser.state(), to = second.optimiser.state();
    ASSERT_EQ(from.size(), to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(from[i].name, to[i].name);
      std::ranges::copy(from[i].values, to[i].values.begin());
      std::ranges::copy(from[i].codes, to[i].codes.begin());
    }
    ASSERT_TRUE(second.optimiser.restore(4));
    second.steps(context, 4, 5);
    EXPECT_EQ(second.weights(), whole.weights());
    EXPECT_EQ(second.copies, whole.copies);
  }
}

TEST(Optimiser, EightBitsTakeAQuarterOfTheMemory) {
  const auto bytes = [](const OptimiserSettings& kind) {
    Subject subject(kind);
    std::size_t total = 0;
    for (const StateTensor& s : subject.optimiser.state()) total += s.values.size_bytes() + s.codes.size();
    return static_cast<double>(total) / static_cast<double>(subject.model.weights().size());
  };
  EXPECT_EQ(bytes(kKinds[0]), 8.0);
  EXPECT_LT(bytes(kKinds[1]), 2.15);
  EXPECT_LT(bytes(kKinds[2]), 4.3);  // matrices have one moment, the embedding two
  EXPECT_LT(bytes(kKinds[3]), 1.15);
}

TEST(Optimiser, MuonMovesMatricesAlongOrthogonalOnesAndTheRestAsAdamW) {
  tensor::Context context = testing_run::one_thread();
  OptimiserSettings plain = kKinds[0], muon = kKinds[2];
  plain.weight_decay = muon.weight_decay = 0;
  Subject with(muon), without(plain);
  const std::vector<float> begun = with.weights();
  with.steps(context, 0, 1);
  without.steps(context, 0, 1);
  for (const model::Parameter& p : with.model.parameters()) {
    double squares = 0;
    bool same = true;
    for (std::size_t i = p.offset; i < p.offset + p.count; ++i) {
      squares += std::pow(with.weights()[i] - begun[i], 2);
      same = same && with.weights()[i] == without.weights()[i];
    }
    EXPECT_EQ(same, p.role != model::Role::matrix) << p.name;
    // Each element moves by 0.2 of the rate or so, whatever the matrix's shape.
    if (p.role == model::Role::matrix) {
      EXPECT_NEAR(std::sqrt(squares / static_cast<double>(p.count)), 0.002, 0.0004) << p.name;
    }
  }
}

TEST(Optimiser, NearlyTheSameInEightBits) {
  tensor::Context context = testing_run::one_thread();
  for (const std::size_t kind : {0, 2}) {
    Subject wide(kKinds[kind]), narrow(kKinds[kind + 1]);
    const std::vector<float> begun = wide.weights();
    wide.steps(context, 0, 30);
    narrow.steps(context, 0, 30);
    double difference = 0, way = 0;
    for (std::size_t i = 0; i < begun.size(); ++i) {
      difference += std::pow(wide.weights()[i] - narrow.weights()[i], 2);
      way += std::pow(wide.weights()[i] - begun[i], 2);
    }
    EXPECT_LT(std::sqrt(difference / way), 0.1);
    EXPECT_NE(wide.weights(), narrow.weights());
  }
}

TEST(Optimiser, LeavesEverythingAsItIsWhenTheGradientIsNotFinite) {
  tensor::Context context = testing_run::one_thread();
  for (const OptimiserSettings& kind : kKinds) {
    Subject subject(kind);
    subject.steps(context, 0, 2);
    const std::vector<float> before = subject.weights();
    std::vector<float> gradient(before.size(), 1.0F);
    gradient[5] = std::nanf("");
    EXPECT_FALSE(subject.optimiser.step(
        context, {.rate = 0.01F, .weights = subject.model.weights(), .gradient = gradient, .copies = subject.copies}));
    EXPECT_EQ(subject.weights(), before);
  }
}

}  // namespace
}  // namespace cairn::train
