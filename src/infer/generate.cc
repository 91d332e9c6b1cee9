#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "infer/batch.h"
#include "infer/sampling.h"
#include "infer/session.h"
#include "infer/text_stream.h"

namespace cairn::infer {

Status check(const SamplingSettings& s) {
  const auto wrong = [](const char* name, auto value, const char* expected) -> Status {
    return fail(ErrorCode::invalid, "sampling: {} is {}, expected {}", name, value, expected);
  };
  if (!(s.temperature == 0.0F || (s.temperature >= 0.01F && s.temperature <= 100.0F))) {
    return wrong("temperature", s.temperature, "0, or 0.01 to 100");
  }
  if (s.top_k > 65536) return wrong("top_k", s.top_k, "0 to 65536");
  if (!(s.top_p > 0.0F && s.top_p <= 1.0F)) return wrong("top_p", s.top_p, "above 0, at most 1");
  if (!(s.min_p >= 0.0F && s.min_p <= 1.0F)) return wrong("min_p", s.min_p, "0 to 1");
  if (s.max_tokens < 1) return wrong("max_tokens", s.max_tokens, "at least 1");
  if (s.logprobs > 20) return wrong("logprobs", s.logprobs, "at most 20");
  if (s.stop.size() > 16) return wrong("the number of stop strings", s.stop.size(), "at most 16");
  for (const std::string& stop : s.stop) {
    if (stop.empty() || stop.size() > 1024) return wrong("the length of a stop string", stop.size(), "1 to 1024 bytes");
  }
  return {};
}

namespace {

GeneratedToken report(std::span<const float> logits, TokenId chosen, std::uint32_t alternatives) {
  const LogSoftmax logprob(logits);
  GeneratedToken out{.chosen = {chosen, logprob(chosen)}, .alternatives = {}};
  if (alternatives == 0) return out;
  for (const TokenId id : likeliest(logits, alternatives)) out.alternatives.push_back({id, logprob(id)});
  return out;
}

// The prompt keeps at least half of the context; what it must give up it gives up at its beginning.
std::span<const TokenId> fitted(std::span<const TokenId> prompt, const SamplingSettings& settings,
                                std::uint32_t context) {
  const std::size_t room = context - std::min(settings.max_tokens - 1, context / 2);
  return prompt.size() > room ? prompt.last(room) : prompt;
}

Status check_prompt(std::span<const TokenId> prompt, const SamplingSettings& settings) {
  CAIRN_TRY(check(settings));
  if (prompt.empty()) return fail(ErrorCode::invalid, "generation: the prompt is empty");
  return {};
}

// One generation, token by token. The settings, the tokenizer and the sink outlive it; it stays where it is made.
class Ongoing {
 public:
  Ongoing(const text::Tokenizer& tokenizer, const SamplingSettings& settings, std::size_t prompt_tokens, TextSink sink)
      : tokenizer_(tokenizer), settings_(settings), sink_(std::move(sink)), text_(settings.stop, sink_) {
    out_.prompt_tokens = static_cast<std::uint32_t>(prompt_tokens);
  }
  Ongoing(const Ongoing&) = delete;
  Ongoing& operator=(const Ongoing&) = delete;

  // Draws the next token; nothing where it was the last. `full`: the context has no room for it.
  std::optional<TokenId> draw(std::span<const float> logits, bool full) {
    logits = of_tokens(logits);
    const TokenId token = sample(logits, settings_, out_.tokens.size());
    out_.tokens.push_back(report(logits, token, settings_.logprobs));
    const bool ends = std::ranges::find(settings_.stop_tokens, token) != settings_.stop_tokens.end();
    if (!ends && !tokenizer_.is_special(token)) text_.append(tokenizer_.bytes_of(token));
    if (ends || text_.stopped()) {
      out_.finish = Finish::stop;
      return std::nullopt;
    }
    if (text_.refused() || out_.tokens.size() == settings_.max_tokens || full) return std::nullopt;
    return token;
  }
  Generation finish() {
    out_.text = text_.finish();
    return std::move(out_);
  }

 private:
  // Without the ids that are no token of the tokenizer: they are never drawn.
  std::span<const float> of_tokens(std::span<const float> logits) {
    logits = logits.first(std::min(logits.size(), tokenizer_.vocabulary()));
    if (tokenizer_.holes().empty()) return logits;
    masked_.assign(logits.begin(), logits.end());
    for (const TokenId id : tokenizer_.holes())
      if (id < masked_.size()) masked_[id] = -std::numeric_limits<float>::infinity();
    return masked_;
  }

  const text::Tokenizer& tokenizer_;
  const SamplingSettings& settings_;
  const TextSink sink_;
  TextStream text_;
  std::vector<float> masked_;
  Generation out_;
};

}  // namespace

Result<Generation> generate(Session& session, const text::Tokenizer& tokenizer, std::span<const TokenId> prompt,
                            const SamplingSettings& settings, const TextSink& sink) {
  CAIRN_TRY(check_prompt(prompt, settings));
  prompt = fitted(prompt, settings, session.context());
  session.rewind(0);
  Ongoing ongoing(tokenizer, settings, prompt.size(), sink);
  CAIRN_ASSIGN(std::span<const float> logits, session.feed(prompt));
  while (const auto token = ongoing.draw(logits, session.length() == session.context())) {
    CAIRN_ASSIGN(logits, session.feed({&*token, 1}));
  }
  return ongoing.finish();
}

namespace {

// The prompt that a sequence works on, and what it reads next.
struct Place {
  std::size_t prompt = 0;
  std::unique_ptr<Ongoing> ongoing;  // none: the sequence is free
  std::span<const TokenId> next;
  TokenId token = 0;
};

}  // namespace

Result<std::vector<Generation>> generate_all(Batch& batch, const text::Tokenizer& tokenizer,
                                             std::span<const Prompt> prompts,
                                             const std::function<bool(std::size_t, std::string_view)>& sink) {
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    auto status = check_prompt(prompts[i].tokens, prompts[i].settings);
    if (!status) return fail(std::move(status).error().within(fmt::format("prompt {}", i)));
  }
  std::vector<Generation> out(prompts.size());
  std::vector<Place> places(batch.sequences());
  for (std::size_t waiting = 0;;) {
    std::vector<Batch::Feed> feeds;
    for (std::uint32_t i = 0; i < places.size(); ++i) {
      Place& place = places[i];
      if (!place.ongoing && waiting < prompts.size()) {
        place.prompt = waiting++;
        const Prompt& prompt = prompts[place.prompt];
        place.next = fitted(prompt.tokens, prompt.settings, batch.context());
        TextSink own;
        if (sink) own = [&sink, which = place.prompt](std::string_view piece) { return sink(which, piece); };
        place.ongoing = std::make_unique<Ongoing>(tokenizer, prompt.settings, place.next.size(), std::move(own));
        batch.rewind(i, 0);
      }
      if (place.ongoing) feeds.push_back({i, place.next});
    }
    if (feeds.empty()) return out;
    CAIRN_ASSIGN(const auto logits, batch.feed(feeds));
    for (std::size_t k = 0; k < feeds.size(); ++k) {
      Place& place = places[feeds[k].sequence];
      const auto token = place.ongoing->draw(logits[k], batch.length(feeds[k].sequence) == batch.context());
      if (token) {
        place.token = *token;
        place.next = {&place.token, 1};
      } else {
        out[place.prompt] = place.ongoing->finish();
        place.ongoing.reset();
      }
    }
  }
}

}  // namespace cairn::infer
