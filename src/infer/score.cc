#include "infer/score.h"

#include <algorithm>
#include <new>
#include <optional>

#include "model/compute.h"
#include "model/forward.h"

namespace cairn::infer {
namespace {

using Text = std::span<const TokenId>;

// One window of one text: it reads tokens [first, first + length) and scores those it predicts from `fresh` on.
struct Window {
  std::size_t text = 0;
  std::size_t first = 0, length = 0;
  std::size_t fresh = 0;  // position in the window of the first target that no earlier window has scored
};

void add_windows(std::size_t text, std::size_t targets, std::size_t context, std::size_t stride,
                 std::vector<Window>& out) {
  std::size_t scored = 0;
  for (std::size_t first = 0; scored < targets; first += stride) {
    const std::size_t length = std::min(context, targets - first);
    out.push_back({text, first, length, scored - first});
    scored = first + length;
  }
}

}  // namespace

struct Scorer::State {
  State(tensor::Context& context_, const model::Model& model, const model::LowRank* module)
      : context(context_), weights(context_, model) {
    if (module) delta.emplace(context_, *module);
  }

  // Scores windows that share a pass, each padded to the longest; padding comes after, so causality keeps it out.
  void pass(std::span<const Text> texts, std::span<const Window> windows, std::vector<std::vector<float>>& out);
  void make_room(std::size_t rows);

  tensor::Context& context;
  model::ComputeWeights weights;
  std::optional<model::ComputeLowRank> delta;
  std::optional<model::Activations> activations;
  std::vector<float> losses;
};

Scorer::Scorer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

Result<Scorer> Scorer::open(tensor::Context& context, const model::Model& model, const model::LowRank* module) {
  if (!model.config().causal)
    return fail(ErrorCode::unsupported, "scoring: the model looks ahead (it is an encoder): it predicts no next token");
  if (module && module->config() != model.config()) {
    return fail(ErrorCode::invalid, "scoring: the module changes another architecture than the model's");
  }
  try {
    return Scorer(std::make_unique<State>(context, model, module));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "scoring: not enough memory for a model of {} weights", model.weights().size());
  }
}

void Scorer::State::make_room(std::size_t rows) {
  if (activations && activations->room.rows >= rows) return;
  activations.reset();
  activations.emplace(weights.config(),
                      model::Room{.rows = rows, .keep = model::Keep::last, .rank = delta ? delta->rank() : 0});
  losses.resize(rows);
}

void Scorer::State::pass(std::span<const Text> texts, std::span<const Window> windows,
                         std::vector<std::vector<float>>& out) {
  std::size_t time = 0;
  for (const Window& window : windows) time = std::max(time, window.length);
  const std::size_t rows = windows.size() * time;
  make_room(rows);
  std::vector<std::int32_t> ids(rows, 0), targets(rows, -1);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const Window& window = windows[i];
    for (std::size_t t = 0; t < window.length; ++t) {
      ids[i * time + t] = static_cast<std::int32_t>(texts[window.text][window.first + t]);
      if (t >= window.fresh)
        targets[i * time + t] = static_cast<std::int32_t>(texts[window.text][window.first + t + 1]);
    }
  }
  model::forward_losses(context, weights,
                        {.batch = windows.size(), .time = time, .ids = ids, .delta = delta ? &*delta : nullptr},
                        targets, *activations, losses);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const Window& window = windows[i];
    for (std::size_t t = window.fresh; t < window.length; ++t) {
      out[window.text][window.first + t] = -losses[i * time + t];
    }
  }
}

namespace {

Result<ScoreSettings> resolve(ScoreSettings s, const model::ModelConfig& config) {
  if (s.context == 0) s.context = config.context;
  if (s.context > config.context) {
    return fail(ErrorCode::invalid, "scoring: context is {}, expected 1 to the model's {}", s.context, config.context);
  }
  if (s.stride == 0) s.stride = std::max(1U, s.context / 2);
  if (s.stride > s.context) {
    return fail(ErrorCode::invalid, "scoring: stride is {}, expected 1 to the context's {}", s.stride, s.context);
  }
  if (s.sequences < 1 || s.sequences > 4096) {
    return fail(ErrorCode::invalid, "scoring: sequences is {}, expected 1 to 4096", s.sequences);
  }
  return s;
}

Status check_text(std::size_t number, Text tokens, std::uint32_t vocabulary) {
  if (tokens.size() < 2) {
    return fail(ErrorCode::invalid, "scoring: text {} has {} tokens, at least 2 are needed", number, tokens.size());
  }
  for (const TokenId token : tokens) {
    if (token >= vocabulary) {
      return fail(ErrorCode::invalid, "scoring: text {} has token {}, the vocabulary ends at {}", number, token,
                  vocabulary - 1);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::vector<float>>> Scorer::score_texts(std::span<const Text> texts, const ScoreSettings& wanted,
                                                            const std::function<bool()>& cancelled) {
  const model::ModelConfig& config = state_->weights.config();
  CAIRN_ASSIGN(const ScoreSettings settings, resolve(wanted, config));
  std::vector<Window> windows;
  std::vector<std::vector<float>> out(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAIRN_TRY(check_text(i, texts[i], config.vocabulary));
    out[i].resize(texts[i].size() - 1);
    add_windows(i, out[i].size(), settings.context, settings.stride, windows);
  }
  try {
    for (std::size_t at = 0; at < windows.size(); at += settings.sequences) {
      if (cancelled && cancelled()) {
        return fail(ErrorCode::interrupted, "scoring: stopped after {} of {} windows", at, windows.size());
      }
      const std::size_t count = std::min<std::size_t>(settings.sequences, windows.size() - at);
      state_->pass(texts, std::span(windows).subspan(at, count), out);
    }
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "scoring: not enough memory for {} windows at once; fewer `sequences` need less",
                settings.sequences);
  }
  return out;
}

Result<std::vector<float>> Scorer::score(Text tokens, const ScoreSettings& settings,
                                         const std::function<bool()>& cancelled) {
  CAIRN_ASSIGN(auto scores, score_texts({&tokens, 1}, settings, cancelled));
  return std::move(scores.front());
}

Result<std::vector<std::vector<float>>> Scorer::score_all(std::span<const std::vector<TokenId>> texts,
                                                          const ScoreSettings& settings,
                                                          const std::function<bool()>& cancelled) {
  return score_texts(std::vector<Text>(texts.begin(), texts.end()), settings, cancelled);
}

}  // namespace cairn::infer
