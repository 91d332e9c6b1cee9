#include "train/optimiser.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/math.h"
#include "train/checkpoint.h"

namespace cairn::train {
namespace {

// Keeps the draws of rounding apart from a run's others.
constexpr std::uint64_t kRoundingKey = 0x726F756E64696E67ULL;

}  // namespace

std::span<const std::string_view> names_of(Algorithm) {
  static constexpr std::array<std::string_view, 2> kNames{"adamw", "muon"};
  return kNames;
}

Moment::Moment(std::uint32_t bits, std::size_t count, std::size_t blocks) {
  if (bits == 32) {
    values_ = tensor::Array<float>(count);
  } else {
    codes_.resize(count);
    scales_ = tensor::Array<float>(blocks);
  }
}

void Moment::list(const std::string& name, std::vector<StateTensor>& out) {
  if (values_.size() > 0) out.push_back({name, values_, {}});
  if (codes_.empty()) return;
  out.push_back({name + ".scales", scales_, {}});
  out.push_back({name + ".codes", {}, codes_});
}

Status Moment::check_not_negative() const {
  for (const std::span<const float> part : {values_, scales_})
    for (std::size_t i = 0; i < part.size(); ++i)
      if (!(part[i] >= 0.0F))
        return fail(ErrorCode::malformed, "optimiser: second moment {} is {}, expected 0 or more", i, part[i]);
  return {};
}

Optimiser::Optimiser(std::span<const model::Parameter> parameters, const OptimiserSettings& settings)
    : settings_(settings) {
  for (const model::Parameter& p : parameters) add(p);
  place_moments();
}

void Optimiser::add(const model::Parameter& p) {
  Segment next{p.offset, p.count, !p.is_vector(), p.name == model::kEmbedding};
  if (settings_.algorithm == Algorithm::muon && p.role == model::Role::matrix) {
    next.rows = static_cast<std::size_t>(p.shape[0]);
    next.columns = static_cast<std::size_t>(p.shape[1]);
  }
  Segment* last = segments_.empty() ? nullptr : &segments_.back();
  if (last && last->rows == 0 && next.rows == 0 && last->decays == next.decays && last->embeds == next.embeds) {
    last->count += p.count;
  } else {
    segments_.push_back(next);
  }
}

void Optimiser::place_moments() {
  std::size_t blocks = 0, second = 0, second_blocks = 0, largest = 0;
  for (Segment& s : segments_) {
    s.block = blocks;
    blocks += tensor::code_blocks(s.count);
    if (s.rows > 0) {
      largest = std::max(largest, s.count);
      continue;
    }
    s.second = second;
    s.second_block = second_blocks;
    second += s.count;
    second_blocks += tensor::code_blocks(s.count);
  }
  m_ = Moment(settings_.state_bits, parameters(), blocks);
  v_ = Moment(settings_.state_bits, second, second_blocks);
  direction_ = tensor::Array<float>(largest);
}

void Optimiser::resume(std::span<const float> moments, std::uint64_t steps) {
  CAIRN_CHECK(v_.all().size() == parameters());
  spread(moments, v_.all());
  steps_ = steps;
}

std::span<const float> Optimiser::second_moments() const {
  CAIRN_CHECK(v_.all().size() == parameters());
  return v_.all();
}

std::vector<StateTensor> Optimiser::state() {
  std::vector<StateTensor> out;
  m_.list("optimiser.m", out);
  v_.list("optimiser.v", out);
  // Codes behind the binary32 values, so that these lie at multiples of 4.
  std::stable_partition(out.begin(), out.end(), [](const StateTensor& s) { return s.codes.empty(); });
  return out;
}

Status Optimiser::restore(std::uint64_t steps) {
  CAIRN_TRY(v_.check_not_negative());
  if (settings_.state_bits == 8) CAIRN_TRY(m_.check_not_negative());
  steps_ = steps;
  return {};
}

Result<float> Optimiser::step(tensor::Context& context, const OptimiserStep& step) {
  const float norm = tensor::math::sqrt(tensor::sum_of_squares(context, step.gradient.size(), step.gradient.data()));
  if (!std::isfinite(norm)) return fail(ErrorCode::failed, "the gradient is not finite");
  ++steps_;
  const float grad_scale = norm > settings_.clip ? settings_.clip / norm : 1.0F;
  for (const Segment& s : segments_) {
    if (s.rows > 0) {
      step_muon(context, step, s, grad_scale);
    } else {
      step_adamw(context, step, s, grad_scale);
    }
  }
  return norm;
}

tensor::Stream Optimiser::rounding(const Segment& s) const {
  return {.key = kRoundingKey ^ s.offset, .stream = steps_};
}

void Optimiser::step_adamw(tensor::Context& context, const OptimiserStep& step, const Segment& s, float grad_scale) {
  tensor::AdamW op{.n = s.count,
                   .rate = s.embeds ? settings_.embedding_rate * step.rate : step.rate,
                   .beta1 = settings_.beta1,
                   .beta2 = settings_.beta2,
                   .epsilon = settings_.epsilon,
                   .weight_decay = s.decays ? settings_.weight_decay : 0.0F,
                   .grad_scale = grad_scale,
                   .step = steps_,
                   .gradient = step.gradient.data() + s.offset,
                   .weights = step.weights.data() + s.offset,
                   .copy = step.copies.data() + s.offset};
  if (settings_.state_bits == 8) {
    tensor::adamw8(context, {.step = op,
                             .m = m_.codes(s.offset, s.block),
                             .v = v_.codes(s.second, s.second_block),
                             .rounding = rounding(s)});
    return;
  }
  op.m = m_.values(s.offset);
  op.v = v_.values(s.second);
  tensor::adamw(context, op);
}

// The direction's elements are of size 1 / sqrt(longer side) or so; scaled by 0.2 sqrt(longer side) they are of the
// size of AdamW's, so that one rate and one decay serve both (Moonlight, arXiv 2502.16982, section 2.2).
void Optimiser::step_muon(tensor::Context& context, const OptimiserStep& step, const Segment& s, float grad_scale) {
  const std::span<float> direction = std::span(direction_).first(s.count);
  tensor::Momentum op{.n = s.count,
                      .momentum = settings_.momentum,
                      .grad_scale = grad_scale,
                      .gradient = step.gradient.data() + s.offset,
                      .direction = direction.data()};
  if (settings_.state_bits == 8) {
    tensor::momentum8(context, {.step = op, .m = m_.codes(s.offset, s.block), .rounding = rounding(s)});
  } else {
    op.m = m_.values(s.offset);
    tensor::momentum(context, op);
  }
  orthogonalise_(context, s.rows, s.columns, direction);
  tensor::descend(context, {.n = s.count,
                            .rate = step.rate,
                            .scale = 0.2F * tensor::math::sqrt(static_cast<float>(std::max(s.rows, s.columns))),
                            .weight_decay = s.decays ? settings_.weight_decay : 0.0F,
                            .direction = direction.data(),
                            .weights = step.weights.data() + s.offset,
                            .copy = step.copies.data() + s.offset});
}

}  // namespace cairn::train
