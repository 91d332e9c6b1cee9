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
  AssetId base, tokenizer, data;  // data: a record set
  permit::Use use;                // action `adapt`; its task and purpose are what the module is for
};

struct Adapted {
  AssetId module;
  Digest digest;                               // of the module's file
  std::uint64_t exchanges = 0, documents = 0;  // of a mailbox the one, of other records the other
  std::uint64_t tokens = 0;                    // trained on
  float first_loss = 0, last_loss = 0;         // nats per token
};

// Trains on a mailbox's exchanges (a message, and its owner's answer), on other records as they stand. Errors: the
// guard's (denied and unknown among them), the records', adapt::train_module's. invalid: no exchange in a mailbox, or
// less text than one window.
Result<Adapted> adapt_to_records(guard::Guard& guard, tensor::Context& context, const AdaptInputs& inputs,
                                 const adapt::ModuleSettings& settings, std::uint64_t seed,
                                 const train::Watch& watch = {});

}  // namespace cairn::work
