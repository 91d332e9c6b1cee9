// The OpenAI-compatible endpoints: a request with its purpose in, an answer with its standings out.
// Model names: "base" (or the base's own name or id) takes what the declared purpose is permitted to use; "base+none"
// the base alone; "base+NAME" that module, or a refusal that says why. One module is on at a time.
// Thread-safe; what it is made from must outlive it.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/env.h"
#include "http/message.h"
#include "http/router.h"
#include "serve/authority.h"
#include "serve/engine.h"
#include "serve/openai_request.h"
#include "serve/openai_response.h"

namespace cairn::serve {

class OpenAiApi {
 public:
  // `description` is of the base asset: its name and when it was made.
  OpenAiApi(Authority& authority, Engine& engine, ServedModel base, const Env& env);

  // POST /v1/completions, POST /v1/chat/completions, GET /v1/models, GET /v1/models/{id}
  void add_routes(http::Router& router);
  const std::vector<ServedModel>& models() const { return models_; }

 private:
  enum class Wish { permitted, none, named };
  struct Choice {
    Wish wish = Wish::permitted;
    std::size_t module = 0;  // where named
  };
  struct Prepared;

  http::Response generate(Kind kind, const http::Request& request);
  Result<Choice> choose(const std::string& model) const;
  // Fills in what the request may use now. denied or unknown, with the verdict.
  Status authorise(Prepared& prepared);
  std::string draw_id(std::string_view prefix);
  std::uint64_t draw_seed();

  Authority& authority_;
  Engine& engine_;
  const Env& env_;
  std::vector<ServedModel> models_;
  std::mutex entropy_mutex_;
};

}  // namespace cairn::serve
