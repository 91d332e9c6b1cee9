#include "serve/engine.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "adapt/module.h"
#include "model/checkpoint.h"
#include "text/chat.h"

namespace cairn::serve {
namespace {

constexpr std::string_view kWeightsRole = "weights";
constexpr std::string_view kTokenizerRole = "tokenizer";
constexpr std::string_view kModuleRole = "module";

// Between the thread that asks and the one that generates.
struct Task {
  explicit Task(const Job& j) : job(j) {}
  const Job& job;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> pieces;
  std::optional<Result<Answer>> result;
  std::atomic<bool> cancelled{false};

  void finish(Result<Answer> outcome) {
    const std::lock_guard lock(mutex);
    result.emplace(std::move(outcome));
    changed.notify_all();
  }
  void add(std::string_view piece) {
    const std::lock_guard lock(mutex);
    pieces.emplace_back(piece);
    changed.notify_all();
  }
};

text::Role role_of(const std::string& name) {
  return name == "system" ? text::Role::system : name == "user" ? text::Role::user : text::Role::assistant;
}

Result<std::vector<TokenId>> prompt_tokens(const text::Tokenizer& tokenizer, const GenerationRequest& request) {
  std::vector<TokenId> tokens{tokenizer.begin_of_text()};  // where every document began in training
  if (request.kind == Kind::completion) {
    const auto plain = tokenizer.encode(request.prompt);
    tokens.insert(tokens.end(), plain.begin(), plain.end());
    return tokens;
  }
  std::vector<text::Turn> turns;
  for (const ChatMessage& message : request.messages) turns.push_back({role_of(message.role), message.content});
  CAIRN_ASSIGN(const auto chat, text::chat_tokens(tokenizer, turns, true));
  tokens.insert(tokens.end(), chat.begin(), chat.end());
  return tokens;
}

infer::SamplingSettings sampling_of(const text::Tokenizer& tokenizer, const Job& job) {
  infer::SamplingSettings sampling = job.request->sampling;
  sampling.seed = job.seed;
  // Any special ends a text: in a chat the model must not open a turn for someone else, and many models of others end
  // their turns with another special than their texts.
  sampling.stop_tokens = tokenizer.specials();
  return sampling;
}

// All that was read under passes of one epoch.
struct Loaded {
  Epoch epoch;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::optional<model::Model> base;
  Digest base_digest;
  std::optional<infer::Session> base_session;
  std::map<std::size_t, infer::Session> module_sessions;
};

}  // namespace

struct Engine::State {
  State(guard::Guard& g, tensor::Context c, std::size_t most) : guard(g), context(std::move(c)), most_waiting(most) {}

  void run();
  Result<Answer> answer(Task& task);
  Status check_passes(const Job& job) const;
  Status load_base(const Leave& leave);
  Result<infer::Session*> session_for(const Job& job);

  guard::Guard& guard;
  tensor::Context context;  // the model thread's
  const std::size_t most_waiting;
  Loaded loaded;  // the model thread's
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Task>> line;  // under mutex
  std::atomic<bool> stopping{false};       // set under mutex
  std::thread thread;
};

void Engine::State::run() {
  for (;;) {
    std::shared_ptr<Task> task;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return stopping || !line.empty(); });
      if (stopping) return;
      task = std::move(line.front());
      line.pop_front();
    }
    try {
      task->finish(answer(*task));
    } catch (const std::exception& error) {  // out of memory, mostly
      task->finish(fail(ErrorCode::failed, "generating: {}", error.what()));
    }
  }
}

Status Engine::State::check_passes(const Job& job) const {
  CAIRN_TRY(guard.check(*job.leave->base));
  CAIRN_TRY(guard.check(*job.leave->tokenizer));
  if (job.module) CAIRN_TRY(guard.check(*job.leave->modules[*job.module]));
  return {};
}

// What is wrong with stored parts is no fault of the request that needs them.
Error of_site(Error error, std::string_view doing) {
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::malformed:
    case ErrorCode::not_found:
    case ErrorCode::unsupported:
      error.code = ErrorCode::failed;
      break;
    default:
      break;
  }
  return std::move(error).within(doing);
}

Status Engine::State::load_base(const Leave& leave) {
  if (loaded.base) return {};
  CAIRN_ASSIGN(const guard::Reader words, guard.open(*leave.tokenizer, leave.tokenizer->asset(), kTokenizerRole));
  CAIRN_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::parse(words.text()));
  CAIRN_ASSIGN(const guard::Reader weights, guard.open(*leave.base, leave.base->asset(), kWeightsRole));
  CAIRN_ASSIGN(model::Model base, model::decode(weights.bytes()));
  if (base.config().vocabulary < tokenizer.vocabulary())
    return fail(ErrorCode::invalid, "the tokenizer has {} tokens, the model {}: they do not belong together",
                tokenizer.vocabulary(), base.config().vocabulary);
  loaded.tokenizer = std::make_shared<const text::Tokenizer>(std::move(tokenizer));
  loaded.base_digest = model::digest_of(base);
  loaded.base = std::move(base);
  return {};
}

Result<infer::Session*> Engine::State::session_for(const Job& job) {
  if (!job.module) {
    if (!loaded.base_session) {
      CAIRN_ASSIGN(loaded.base_session, infer::Session::open(context, *loaded.base));
    }
    return &*loaded.base_session;
  }
  auto it = loaded.module_sessions.find(*job.module);
  if (it == loaded.module_sessions.end()) {
    const guard::Pass& pass = *job.leave->modules[*job.module];
    CAIRN_ASSIGN(const guard::Reader bytes, guard.open(pass, pass.asset(), kModuleRole));
    CAIRN_ASSIGN(const adapt::Module module,
                 adapt::decode_module(bytes.bytes(), loaded.base->config(), loaded.base_digest));
    CAIRN_ASSIGN(infer::Session session, infer::Session::open(context, *loaded.base, &module.delta));
    it = loaded.module_sessions.emplace(*job.module, std::move(session)).first;
  }
  return &it->second;
}

Result<Answer> Engine::State::answer(Task& task) {
  const Job& job = task.job;
  if (task.cancelled) return fail(ErrorCode::interrupted, "the client has gone");
  CAIRN_TRY(check_passes(job));
  if (const Epoch epoch = job.leave->base->epoch(); epoch != loaded.epoch || !loaded.base) {
    loaded = Loaded{};
    loaded.epoch = epoch;
  }
  if (auto status = load_base(*job.leave); !status) return fail(of_site(status.error(), "loading the base"));
  const auto opened = session_for(job);
  if (!opened) return fail(of_site(opened.error(), "loading the module"));
  infer::Session* const session = *opened;
  CAIRN_ASSIGN(const auto prompt, prompt_tokens(*loaded.tokenizer, *job.request));
  const auto sink = [&](std::string_view piece) {
    if (!piece.empty()) task.add(piece);
    return !task.cancelled && !stopping;
  };
  CAIRN_ASSIGN(infer::Generation generation,
               infer::generate(*session, *loaded.tokenizer, prompt, sampling_of(*loaded.tokenizer, job), sink));
  if (stopping) return fail(ErrorCode::interrupted, "the server is stopping");
  return Answer{std::move(generation), loaded.tokenizer};
}

Result<std::unique_ptr<Engine>> Engine::start(guard::Guard& guard, EngineOptions options) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make(options.context));
  auto state = std::make_unique<State>(guard, std::move(context), options.most_waiting);
  state->thread = std::thread([raw = state.get()] { raw->run(); });
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() {
  stop();
  state_->thread.join();
}

void Engine::stop() {
  std::deque<std::shared_ptr<Task>> left;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    left.swap(state_->line);
    state_->changed.notify_all();
  }
  for (const auto& task : left) task->finish(fail(ErrorCode::interrupted, "the server is stopping"));
}

Result<Answer> Engine::generate(const Job& job, const infer::TextSink& sink) {
  CAIRN_CHECK(job.leave && job.request != nullptr && (!job.module || job.leave->modules.at(*job.module)));
  const auto task = std::make_shared<Task>(job);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return fail(ErrorCode::interrupted, "the server is stopping");
    if (state_->line.size() >= state_->most_waiting)
      return fail(ErrorCode::busy, "{} requests are in line already", state_->most_waiting);
    state_->line.push_back(task);
    state_->changed.notify_one();
  }
  std::unique_lock lock(task->mutex);
  for (;;) {
    task->changed.wait(lock, [&] { return !task->pieces.empty() || task->result; });
    while (!task->pieces.empty()) {
      const std::string piece = std::move(task->pieces.front());
      task->pieces.pop_front();
      lock.unlock();
      if (sink && !task->cancelled && !sink(piece)) task->cancelled = true;
      lock.lock();
    }
    if (task->result) return std::move(*task->result);
  }
}

}  // namespace cairn::serve
