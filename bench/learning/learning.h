// Trains the model that the options name on their text, and says how well it predicts the rest. Blocking; prints
// progress on standard error.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "learning/options.h"

namespace cairn::learning {

// The figures of the end. interrupted: asked to stop; the same call goes on. invalid: the folder holds a run with other
// settings. busy: another process trains there. Errors of train/run.h and of files.
Result<Json> learn(const Options& options);

// Makes interrupts (Ctrl-C, TERM) end learn() with its state saved.
void watch_for_interrupts();

}  // namespace cairn::learning
