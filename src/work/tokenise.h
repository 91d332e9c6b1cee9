// The step `tokenise`: a tokenizer learnt from a corpus, and the corpus as shards of tokens.
// Blocking; one thread.
#pragma once

#include "base/env.h"
#include "base/result.h"
#include "guard/guard.h"
#include "text/tokenizer.h"
#include "text/tokenizer_training.h"

namespace cairn::work {

struct Tokenised {
  AssetId tokenizer, shards;  // shards: roles "train" and "heldout"
  std::uint64_t vocabulary = 0, train_tokens = 0, heldout_tokens = 0;
  double bytes_per_token = 0;  // over the training text
};

// seed: of the order of documents. Errors: of the guard, the record files and the trainer.
Result<Tokenised> tokenise(guard::Guard& guard, const AssetId& corpus, const text::TokenizerSettings& settings,
                           std::uint64_t seed, const Env& env);

// An asset's tokenizer, for whoever has a use for it.
Result<text::Tokenizer> load_tokenizer(guard::Guard& guard, const permit::Use& use, const AssetId& tokenizer);

}  // namespace cairn::work
