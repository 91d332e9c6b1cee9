// Training a subject: the hash of all weights and of the optimiser's state after 50 steps, however the work of a step
// is spread over threads, micro-batches and processes. One thread.
#pragma once

#include <cstddef>

#include "base/digest.h"
#include "base/result.h"
#include "subjects.h"

namespace cairn::bits {

struct Spread {
  int threads = 1;
  std::size_t micro_batch = 1;  // grains of a micro-batch
  std::size_t workers = 1;      // processes: each computes some of a step's grains and passes the running sum on
};

// The kernels are those that CAIRN_ISA names. failed: a worker's end differs from the others', or a worker fails.
Result<Digest> train(const Subject& subject, const Spread& spread);

}  // namespace cairn::bits
