#include "work/adapt.h"

#include "data/mailbox.h"
#include "text/chat.h"
#include "work/commit.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {
namespace {

// Each exchange as a conversation that ends with the end of text; the user's turn is what they wrote, not what they
// quoted.
Result<std::vector<text::TokenId>> conversation_tokens(const text::Tokenizer& tokenizer,
                                                       std::span<const data::Message> messages,
                                                       std::uint64_t& exchanges) {
  std::vector<text::TokenId> out;
  for (const data::Exchange& exchange : data::exchanges(messages)) {
    const text::Turn turns[] = {
        {text::Role::user, exchange.message->subject + "\n\n" + data::own_words(*exchange.message)},
        {text::Role::assistant, data::own_words(*exchange.reply)}};
    CAIRN_ASSIGN(const auto tokens, text::chat_tokens(tokenizer, turns, false));
    out.insert(out.end(), tokens.begin(), tokens.end());
    out.push_back(tokenizer.end_of_text());
    ++exchanges;
  }
  return out;
}

}  // namespace

Result<Adapted> adapt_to_mailbox(guard::Guard& guard, tensor::Context& context, const AdaptInputs& inputs,
                                 const adapt::ModuleSettings& settings, std::uint64_t seed, const train::Watch& watch) {
  CAIRN_ASSIGN(const guard::Pass mailbox_pass, guard.authorise(inputs.use, inputs.mailbox));
  CAIRN_ASSIGN(const guard::Pass base_pass, guard.authorise(inputs.use, inputs.base));
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(inputs.use, inputs.tokenizer));
  CAIRN_ASSIGN(const text::Tokenizer tokenizer, load_tokenizer(guard, inputs.use, inputs.tokenizer));
  CAIRN_ASSIGN(const LoadedModel base, load_model(guard, inputs.use, inputs.base));

  Adapted out;
  CAIRN_ASSIGN(const guard::Reader mbox, guard.open(mailbox_pass, inputs.mailbox, "mbox"));
  CAIRN_ASSIGN(const std::vector<data::Message> messages, data::read_mbox(mbox.bytes()));
  CAIRN_ASSIGN(const auto tokens, conversation_tokens(tokenizer, messages, out.exchanges));
  if (out.exchanges == 0)
    return fail(ErrorCode::invalid, "the mailbox has {} messages and no answer among them", messages.size());

  CAIRN_ASSIGN(const adapt::TrainedModule trained,
               adapt::train_module(context, base.model, tokens, settings, seed, watch));
  Bytes file = adapt::encode(trained.module);
  out.digest = sha256(file);
  out.tokens = trained.tokens;
  out.first_loss = trained.first_loss;
  out.last_loss = trained.last_loss;
  CAIRN_ASSIGN(const Json how, parse_json(adapt::to_json(settings)));
  const guard::Pass passes[] = {mailbox_pass, base_pass, tokenizer_pass};
  CAIRN_ASSIGN(out.module, commit(guard, passes,
                                  {.kind = "module",
                                   .name = "module for " + (inputs.use.task.empty() ? "any task" : inputs.use.task),
                                   .step = "adapt",
                                   .settings = how,
                                   .properties = Json{{"digest", out.digest.hex()},
                                                      {"base", base.digest.hex()},
                                                      {"exchanges", out.exchanges},
                                                      {"tokens", out.tokens},
                                                      {"first_loss", out.first_loss},
                                                      {"last_loss", out.last_loss}},
                                   .role = "module",
                                   .bytes = std::move(file)}));
  return out;
}

}  // namespace cairn::work
