#include <algorithm>

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

GeneratedToken report(std::span<const float> logits, std::uint16_t chosen, std::uint32_t alternatives) {
  const LogSoftmax logprob(logits);
  GeneratedToken out{.chosen = {chosen, logprob(chosen)}, .alternatives = {}};
  if (alternatives == 0) return out;
  for (const std::uint16_t id : likeliest(logits, alternatives)) out.alternatives.push_back({id, logprob(id)});
  return out;
}

}  // namespace

Result<Generation> generate(Session& session, const text::Tokenizer& tokenizer, std::span<const std::uint16_t> prompt,
                            const SamplingSettings& settings, const TextSink& sink) {
  CAIRN_TRY(check(settings));
  if (prompt.empty()) return fail(ErrorCode::invalid, "generation: the prompt is empty");
  // Ids that the tokenizer has no bytes for are never drawn.
  const std::size_t drawable = std::min<std::size_t>(session.vocabulary(), tokenizer.vocabulary());
  // The prompt keeps at least half of the context; what it must give up it gives up at its beginning.
  const std::size_t room = session.context() - std::min(settings.max_tokens - 1, session.context() / 2);
  if (prompt.size() > room) prompt = prompt.last(room);

  session.rewind(0);
  Generation out;
  out.prompt_tokens = static_cast<std::uint32_t>(prompt.size());
  TextStream text(settings.stop, sink);
  CAIRN_ASSIGN(std::span<const float> logits, session.feed(prompt));
  for (;;) {
    logits = logits.first(drawable);
    const std::uint16_t token = sample(logits, settings, out.tokens.size());
    out.tokens.push_back(report(logits, token, settings.logprobs));
    const bool ends = std::ranges::find(settings.stop_tokens, token) != settings.stop_tokens.end();
    if (!ends && !tokenizer.is_special(token)) text.append(tokenizer.bytes_of(token));
    if (ends || text.stopped()) {
      out.finish = Finish::stop;
      break;
    }
    if (text.refused() || out.tokens.size() == settings.max_tokens || session.length() == session.context()) break;
    CAIRN_ASSIGN(logits, session.feed({&token, 1}));
  }
  out.text = text.finish();
  return out;
}

}  // namespace cairn::infer
