// The one thread that owns the model: requests wait in line, each is generated with the parts that its passes open.
// Bytes come through the guard, for the pass of a permitted use, when they are first needed; whatever was read in an
// older epoch is forgotten before anything is generated in a newer one.
// Not HTTP and not permission: authority.h gives the passes. generate() may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "guard/guard.h"
#include "infer/session.h"
#include "serve/authority.h"
#include "serve/openai_request.h"
#include "tensor/context.h"
#include "text/tokenizer.h"

namespace cairn::serve {

struct EngineOptions {
  tensor::ContextOptions context;
  std::size_t most_waiting = 64;  // requests in line; more are answered busy
};

struct Job {
  std::shared_ptr<const Leave> leave;
  std::optional<std::size_t> module;           // an index into Leave::modules that is set; absent: the base alone
  const GenerationRequest* request = nullptr;  // must live until generate() returns
  std::uint64_t seed = 0;
};

struct Answer {
  infer::Generation generation;
  std::shared_ptr<const text::Tokenizer> tokenizer;
};

class Engine {
 public:
  // Errors of tensor::Context::make. `guard` must outlive it.
  static Result<std::unique_ptr<Engine>> start(guard::Guard& guard, EngineOptions options);
  ~Engine();  // lets the running request end at its next token; those in line are answered interrupted

  // Blocks until the text is whole; `sink` gets its pieces, in this thread, and false from it ends the generation.
  // busy: too many in line. stale: a pass no longer holds; ask for a new leave. interrupted: the engine is stopping.
  // invalid: the prompt or the settings, as infer::generate. unsupported: a chat with a tokenizer that has no turns.
  // failed: stored parts that are not what they should be.
  Result<Answer> generate(const Job& job, const infer::TextSink& sink = {});

  void stop();  // as the destructor; generate() answers interrupted from now on

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::serve
