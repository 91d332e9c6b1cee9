#include "work/adapt.h"

#include <algorithm>

#include "data/mailbox.h"
#include "data/record_file.h"
#include "text/chat.h"
#include "work/commit.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {
namespace {

// Each exchange as a conversation that ends with the end of text; the user's turn is what they wrote, not what they
// quoted.
Result<TokenBuffer> conversation_tokens(const text::Tokenizer& tokenizer, std::span<const data::Message> messages,
                                        std::uint64_t& exchanges) {
  TokenBuffer out(tokenizer.vocabulary());
  for (const data::Exchange& exchange : data::exchanges(messages)) {
    const text::Turn turns[] = {
        {text::Role::user, exchange.message->subject + "\n\n" + data::own_words(*exchange.message)},
        {text::Role::assistant, data::own_words(*exchange.reply)}};
    CAIRN_ASSIGN(const auto tokens, text::chat_tokens(tokenizer, turns, false));
    out.append(tokens);
    out.push_back(tokenizer.end_of_text());
    ++exchanges;
  }
  return out;
}

// Whether the records were read from a mailbox, whose threads are needed then.
Result<bool> is_mailbox(const guard::Guard& guard, const AssetId& data) {
  CAIRN_ASSIGN(const ledger::Asset asset, guard.ledger().asset(data));
  return std::any_of(asset.manifest.blobs.begin(), asset.manifest.blobs.end(),
                     [](const ledger::BlobRef& blob) { return blob.role == "mbox"; });
}

Result<TokenBuffer> training_tokens(guard::Guard& guard, const guard::Pass& pass, const text::Tokenizer& tokenizer,
                                    Adapted& out) {
  CAIRN_ASSIGN(const bool mailbox, is_mailbox(guard, pass.asset()));
  if (mailbox) {
    CAIRN_ASSIGN(const guard::Reader mbox, guard.open(pass, pass.asset(), "mbox"));
    CAIRN_ASSIGN(const std::vector<data::Message> messages, data::read_mbox(mbox.bytes()));
    CAIRN_ASSIGN(auto tokens, conversation_tokens(tokenizer, messages, out.exchanges));
    if (out.exchanges == 0)
      return fail(ErrorCode::invalid, "the mailbox has {} messages and no answer among them", messages.size());
    return tokens;
  }
  CAIRN_ASSIGN(const guard::Reader file, guard.open(pass, pass.asset(), "records"));
  CAIRN_ASSIGN(const std::vector<data::Record> records, data::read_records(file.bytes()));
  TokenBuffer tokens(tokenizer.vocabulary());
  text::Encoder encoder(tokenizer);
  for (const data::Record& record : records) {
    std::vector<TokenId> text;
    if (tokenizer.begin_of_text() != tokenizer.end_of_text()) text.push_back(tokenizer.begin_of_text());
    encoder.encode(record.text, text);
    tokens.append(text);
    tokens.push_back(tokenizer.end_of_text());
  }
  out.documents = records.size();
  return tokens;
}

}  // namespace

Result<Adapted> adapt_to_records(guard::Guard& guard, tensor::Context& context, const AdaptInputs& inputs,
                                 const adapt::ModuleSettings& settings, std::uint64_t seed, const train::Watch& watch) {
  CAIRN_ASSIGN(const guard::Pass data_pass, guard.authorise(inputs.use, inputs.data));
  CAIRN_ASSIGN(const guard::Pass base_pass, guard.authorise(inputs.use, inputs.base));
  CAIRN_ASSIGN(const guard::Pass tokenizer_pass, guard.authorise(inputs.use, inputs.tokenizer));
  CAIRN_ASSIGN(const text::Tokenizer tokenizer, load_tokenizer(guard, inputs.use, inputs.tokenizer));
  CAIRN_ASSIGN(const LoadedModel base, load_model(guard, inputs.use, inputs.base));

  Adapted out;
  CAIRN_ASSIGN(const auto tokens, training_tokens(guard, data_pass, tokenizer, out));
  CAIRN_ASSIGN(const adapt::TrainedModule trained,
               adapt::train_module(context, base.model, tokens, settings, seed, watch));
  Bytes file = adapt::encode(trained.module);
  out.digest = sha256(file);
  out.tokens = trained.tokens;
  out.first_loss = trained.first_loss;
  out.last_loss = trained.last_loss;
  CAIRN_ASSIGN(Json how, parse_json(adapt::to_json(settings)));
  how["use"] = permit::to_json(inputs.use);
  how["seed"] = seed;
  const guard::Pass passes[] = {data_pass, base_pass, tokenizer_pass};
  CAIRN_ASSIGN(out.module, commit(guard, passes,
                                  {.kind = "module",
                                   .name = "module for " + (inputs.use.task.empty() ? "any task" : inputs.use.task),
                                   .step = "adapt",
                                   .settings = how,
                                   .properties = Json{{"digest", out.digest.hex()},
                                                      {"base", base.digest.hex()},
                                                      {"exchanges", out.exchanges},
                                                      {"documents", out.documents},
                                                      {"tokens", out.tokens},
                                                      {"first_loss", out.first_loss},
                                                      {"last_loss", out.last_loss}},
                                   .role = "module",
                                   .bytes = std::move(file)}));
  return out;
}

}  // namespace cairn::work
