// Where units are computed and rounds merged: the state machines' actions put to the real model (train/).
// Bytes in, bytes out: what a checkpoint, a shard and a contribution are on disk and on the wire. Keeps the last
// checkpoint decoded. Not the transport. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "swarm/claim.h"
#include "swarm/messages.h"
#include "tensor/context.h"
#include "train/unit.h"

namespace cairn::swarm {

struct Computed {
  Bytes contribution;
  Replay replay;  // its digest, the states, the loss
};

struct MergedModel {
  Bytes checkpoint, outer_state;
};

class Workbench {
 public:
  // The errors of Context::make.
  static Result<Workbench> make(Plan plan, const tensor::ContextOptions& options);
  Workbench(Workbench&&) noexcept;
  ~Workbench();

  // checkpoint, shard: with the digests in `work`, which is checked (malformed). Else the errors of
  // train::decode_checkpoint and train::run_unit; malformed too: a shard that is no whole number of tokens.
  // invalid: a model that the plan's P or settings do not fit.
  Result<Computed> compute(const Assignment& work, ByteView checkpoint, ByteView shard, const train::Watch& watch = {});

  // outer_state: empty in round 0. contributions by lane. After the last round the checkpoint is the model alone. The
  // errors of the decoders and of train::merge.
  Result<MergedModel> merge(ByteView checkpoint, ByteView outer_state, std::span<const Bytes> contributions);

  const tensor::Context& context() const;

 private:
  struct State;
  explicit Workbench(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::swarm
