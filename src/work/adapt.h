// The step `adapt`: a module trained over a frozen base on data whose permit is narrower than the base's, on its
// owner's own machine. The data never becomes a unit, a shard or a contribution.
// Blocking; the Context's threads are its own while it runs.
#pragma once

#include "adapt/module.h"
#include "base/env.h"
#include "base/result.h"
#include "guard/guard.h"
#include "tensor/context.h"
#include "text/tokenizer.h"

namespace cairn::work {

struct AdaptInputs {
  AssetId base, tokenizer, mailbox;
  permit::Use use;  // action `adapt`; its task and purpose are what the module is for
};

struct Adapted {
  AssetId module;
  Digest digest;  // of the module's file
  std::uint64_t exchanges = 0, tokens = 0;
  float first_loss = 0, last_loss = 0;  // nats per token
};

// Trains on the mailbox's exchanges: a message, and its owner's answer. Errors: the guard's (denied and unknown among
// them), the mailbox's, adapt::train_module's. invalid: no exchange in it.
Result<Adapted> adapt_to_mailbox(guard::Guard& guard, tensor::Context& context, const AdaptInputs& inputs,
                                 const adapt::ModuleSettings& settings, std::uint64_t seed,
                                 const train::Watch& watch = {});

}  // namespace cairn::work
