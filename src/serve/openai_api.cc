#include "serve/openai_api.h"

#include <cstring>

#include "base/json.h"
#include "serve/utf8_stream.h"

namespace cairn::serve {
namespace {

constexpr std::string_view kBase = "base";

bool is_json(const http::Request& request) {
  const std::string* type = request.header("Content-Type");
  if (type == nullptr) return false;
  const std::string_view media = std::string_view(*type).substr(0, type->find(';'));
  return media == "application/json" || media == "application/json ";
}

Error refusal_of(const Standing& module) {
  Error error = permit::refusal(module.verdict);
  error.message = fmt::format("module \"{}\" is off. {}", module.name, module.why_off);
  return error;
}

}  // namespace

// A request on its way: what was asked, and what of it is permitted now.
struct OpenAiApi::Prepared {
  GenerationRequest request;
  Choice choice;
  AnswerHead head;
  Standings standings;
  Job job;
};

OpenAiApi::OpenAiApi(Authority& authority, Engine& engine, ServedModel base, const Env& env)
    : authority_(authority), engine_(engine), env_(env) {
  base.id = kBase;
  base.note = "the base, with the module that the declared purpose is permitted to use";
  models_.push_back(base);
  base.id = "base+none";
  base.note = "the base alone";
  models_.push_back(base);
  for (const PartRef& module : authority_.plan().modules)
    models_.push_back({.id = "base+" + module.name,
                       .asset = module.asset,
                       .kind = "module",
                       .name = module.name,
                       .note = "the base with this module, where its permit allows the declared purpose",
                       .created = base.created});
}

std::uint64_t OpenAiApi::draw_seed() {
  std::array<std::uint8_t, 8> bytes{};
  {
    const std::lock_guard lock(entropy_mutex_);
    env_.entropy.fill(bytes);
  }
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed >> 11;  // 53 bits: a JSON number that every client reads back exactly
}

std::string OpenAiApi::draw_id(std::string_view prefix) {
  std::array<std::uint8_t, 12> bytes{};
  const std::lock_guard lock(entropy_mutex_);
  env_.entropy.fill(bytes);
  return std::string(prefix) + to_hex(bytes);
}

Result<OpenAiApi::Choice> OpenAiApi::choose(const std::string& model) const {
  const DeploymentPlan& plan = authority_.plan();
  const std::size_t plus = model.rfind('+');
  const std::string base = model.substr(0, plus);
  if (base == kBase || base == models_.front().name || base == plan.name || base == plan.base.hex()) {
    if (plus == std::string::npos) return Choice{};
    const std::string module = model.substr(plus + 1);
    if (module == "none") return Choice{.wish = Wish::none};
    for (std::size_t i = 0; i < plan.modules.size(); ++i)
      if (module == plan.modules[i].name || module == plan.modules[i].asset.hex()) return Choice{Wish::named, i};
  }
  // A base's own name may hold a plus sign.
  if (model == models_.front().name || model == plan.name) return Choice{};
  std::string known;
  for (const ServedModel& served : models_) known += (known.empty() ? "" : ", ") + served.id;
  return fail(Error{ErrorCode::not_found,
                    fmt::format("there is no model \"{}\" here; there are: {}", model.substr(0, 200), known),
                    {},
                    canonical(Json{{"param", "model"}})});
}

Status OpenAiApi::authorise(Prepared& prepared) {
  CAIRN_ASSIGN(prepared.job.leave, authority_.leave(prepared.request.use));
  prepared.standings = prepared.job.leave->standings;
  prepared.job.module.reset();
  auto& modules = prepared.standings.modules;
  if (prepared.choice.wish == Wish::named) {
    if (!modules[prepared.choice.module].on) return fail(refusal_of(modules[prepared.choice.module]));
    prepared.job.module = prepared.choice.module;
  }
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (prepared.choice.wish == Wish::permitted && !prepared.job.module && modules[i].on) prepared.job.module = i;
    if (!modules[i].on || prepared.job.module == i) continue;
    modules[i].on = false;
    modules[i].why_off =
        prepared.choice.wish == Wish::none
            ? "the request asked for the base alone"
            : fmt::format("permitted, but one module is on at a time; ask for \"base+{}\"", modules[i].name);
  }
  return {};
}

http::Response OpenAiApi::generate(Kind kind, const http::Request& request) {
  if (!is_json(request)) return error_response({ErrorCode::invalid, "expected Content-Type: application/json", {}, {}});
  auto parsed = parse_generation_request(kind, request.body, request.headers);
  if (!parsed) return error_response(parsed.error());
  const auto prepared = std::make_shared<Prepared>();
  prepared->request = std::move(*parsed);
  auto choice = choose(prepared->request.model);
  if (!choice) return error_response(choice.error());
  prepared->choice = *choice;
  if (auto status = authorise(*prepared); !status) return error_response(status.error());
  prepared->job.request = &prepared->request;
  prepared->job.seed = prepared->request.seed ? *prepared->request.seed : draw_seed();
  prepared->head = {.kind = kind,
                    .id = draw_id(kind == Kind::chat ? "chatcmpl-" : "cmpl-"),
                    .model = prepared->request.model,
                    .created = std::chrono::floor<std::chrono::seconds>(env_.clock.now()).time_since_epoch().count(),
                    .seed = prepared->job.seed};

  // Permits may change between the decision and the model's turn; then they are asked once more.
  const auto run = [this, prepared](const infer::TextSink& sink, const bool& begun) {
    auto answer = engine_.generate(prepared->job, sink);
    if (answer || answer.error().code != ErrorCode::stale || begun) return answer;
    if (auto status = authorise(*prepared); !status) return Result<Answer>(fail(status.error()));
    return engine_.generate(prepared->job, sink);
  };
  if (!prepared->request.stream) {
    auto answer = run({}, false);
    if (!answer) return error_response(answer.error());
    return http::json(200, answer_body(prepared->head, answer->generation, prepared->request, *answer->tokenizer,
                                       prepared->standings));
  }
  http::Response response = http::respond(200, "text/event-stream; charset=utf-8", {});
  response.stream = [prepared, run](http::Writer& out) {
    Utf8Stream text;
    bool begun = false;
    const auto begin = [&] {
      if (begun) return out.open();
      begun = true;
      return out.write(
          first_event(prepared->head, prepared->standings, prepared->request.echo ? prepared->request.prompt : ""));
    };
    const auto answer = run(
        [&](std::string_view piece) {
          const std::string whole = text.push(piece);
          return begin() && (whole.empty() || out.write(piece_event(prepared->head, whole)));
        },
        begun);
    if (!answer) {
      out.write(error_event(answer.error()));
      return;
    }
    begin();
    if (const std::string rest = text.finish(); !rest.empty()) out.write(piece_event(prepared->head, rest));
    out.write(last_events(prepared->head, answer->generation, prepared->request.usage_in_stream));
  };
  return response;
}

void OpenAiApi::add_routes(http::Router& router) {
  using Arguments = http::PathArguments;
  router.on("POST", "/v1/completions",
            [this](const http::Request& request, const Arguments&) { return generate(Kind::completion, request); });
  router.on("POST", "/v1/chat/completions",
            [this](const http::Request& request, const Arguments&) { return generate(Kind::chat, request); });
  router.on("GET", "/v1/models",
            [this](const http::Request&, const Arguments&) { return http::json(200, models_body(models_)); });
  router.on("GET", "/v1/models/{id}", [this](const http::Request&, const Arguments& arguments) {
    for (const ServedModel& model : models_)
      if (model.id == arguments[0]) return http::json(200, model_body(model));
    auto unknown = choose(arguments[0]);
    return unknown ? http::json(200, model_body(models_.front())) : error_response(unknown.error());
  });
}

}  // namespace cairn::serve
