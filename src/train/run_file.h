// A run's file: everything that decides the rest of it, as safetensors (docs/formats/run.md). Equal states have equal
// bytes. Not the tokens: their digest. Pure functions; the reader takes hostile bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "train/optimiser.h"
#include "train/run_settings.h"

namespace cairn::train {

// What a file says before its tensors.
struct RunHeading {
  RunSettings settings;
  model::ModelConfig config;
  std::uint32_t step = 0;  // steps done: the place in the data too, for draws follow from seed and step
  Digest tokens;           // digest_of_tokens() of what is trained on
};

// SHA-256 of the tokens, little-endian, with token_bytes() of the vocabulary each, however they lie in memory. Every
// token must be below the vocabulary.
Digest digest_of_tokens(Tokens tokens, std::uint32_t vocabulary);

// The file, with the tensors where they are: the model and the state must outlive it.
model::FileParts encode_run(const RunHeading& heading, const model::Model& model, std::span<const StateTensor> state);

// malformed: not such a file, settings or a configuration that do not fit each other, more steps than the run has.
// unsupported: another format or profile.
Result<RunHeading> decode_run_heading(ByteView file);

// Fills the model and the state, which have the shapes that the heading asks for. malformed: the first tensor that is
// missing, misplaced, or not finite; a file cut short; content that does not have the digest stated.
Status decode_run_tensors(ByteView file, const RunHeading& heading, model::Model& model,
                          std::span<const StateTensor> state);

}  // namespace cairn::train
