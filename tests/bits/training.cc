#include "training.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "model/backward.h"
#include "train/windows.h"

namespace cairn::bits {
namespace {

constexpr std::uint32_t kSteps = 50;
constexpr std::uint64_t kSeed = 3;

std::vector<std::uint16_t> tokens_for(const Subject& s) {
  std::vector<std::uint16_t> tokens(5000);
  // The product of two draws: some tokens are frequent, as in text.
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] =
        static_cast<std::uint16_t>(std::uint64_t{tensor::random_below({kSeed, 1}, i, s.config.vocabulary)} *
                                   tensor::random_below({kSeed, 2}, i, s.config.vocabulary) / s.config.vocabulary);
  return tokens;
}

// The ends of pipes that lead from and to the neighbours in a ring of workers.
struct Ring {
  std::size_t self = 0, workers = 1;
  int from = -1, to = -1;
};

void send(int to, const void* data, std::size_t size) {
  for (const char* p = static_cast<const char*>(data); size > 0;) {
    const ssize_t n = write(to, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(2);
    p += n, size -= static_cast<std::size_t>(n);
  }
}
void receive(int from, void* data, std::size_t size) {
  for (char* p = static_cast<char*>(data); size > 0;) {
    const ssize_t n = read(from, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(2);
    p += n, size -= static_cast<std::size_t>(n);
  }
}
template <class E>
void send(int to, const std::vector<E>& values) {
  const std::size_t count = values.size();
  send(to, &count, sizeof count);
  send(to, values.data(), count * sizeof(E));
}
template <class E>
void receive(int from, std::vector<E>& values) {
  std::size_t count = 0;
  receive(from, &count, sizeof count);
  values.resize(count);
  receive(from, values.data(), count * sizeof(E));
}

class Worker {
 public:
  Worker(tensor::Context context, const Subject& subject, model::Model model, const Spread& spread, const Ring& ring)
      : context_(std::move(context)),
        subject_(subject),
        spread_(spread),
        ring_(ring),
        model_(std::move(model)),
        weights_(context_, model_),
        optimiser_(model_.parameters(), subject.optimiser),
        work_(subject.config, model::Room{.rows = spread.micro_batch * subject.grain * subject.time,
                                          .grain_rows = std::size_t{subject.grain} * subject.time}),
        gradient_(model_.weights().size()),
        tokens_(tokens_for(subject)),
        windows_(tokens_, subject.time, {kSeed, 3}),
        ids_(std::size_t{subject.sequences} * subject.time),
        targets_(ids_.size()) {}

  Result<Digest> run() {
    for (std::uint32_t step = 0; step < kSteps; ++step) {
      windows_.next(subject_.sequences, ids_, targets_);
      fold_gradients(step);
      CAIRN_TRY(optimiser_.step(
          context_, {.rate = 3e-3F, .weights = model_.weights(), .gradient = gradient_, .copies = weights_.copies()}));
      weights_.copy_gains(model_.weights());
    }
    return state();
  }

 private:
  // The left fold over the grains of the batch; those before this worker's come from the ring, and in the end all
  // workers have the whole.
  void fold_gradients(std::uint32_t step) {
    const std::size_t grains = subject_.sequences / subject_.grain;
    const std::size_t begin = grains * ring_.self / ring_.workers, end = grains * (ring_.self + 1) / ring_.workers;
    const bool first = ring_.self == 0, last = ring_.self + 1 == ring_.workers;
    if (first) {
      std::ranges::fill(gradient_, 0.0F);
      keep_tied({}, {});
    } else {
      receive(ring_.from, gradient_);
      receive_tied();
    }
    for (std::size_t g = begin; g < end; g += spread_.micro_batch)
      add_gradient(step, g, std::min(end, g + spread_.micro_batch), grains);
    if (ring_.workers == 1) return;
    send(ring_.to, gradient_);
    if (last) return;
    send_tied();
    receive(ring_.from, gradient_);
    if (ring_.self + 2 < ring_.workers) send(ring_.to, gradient_);
  }

  void add_gradient(std::uint32_t step, std::size_t begin, std::size_t end, std::size_t grains) {
    const std::size_t rows = std::size_t{subject_.grain} * subject_.time, at = begin * rows, n = (end - begin) * rows;
    model::loss_and_gradient(
        context_, weights_,
        {.batch = (end - begin) * subject_.grain,
         .time = subject_.time,
         .ids = std::span(ids_).subspan(at, n),
         .targets = std::span(targets_).subspan(at, n),
         .grain_rows = rows,
         .scale = 1.0F / static_cast<float>(ids_.size()),
         .z_loss = subject_.z_loss,
         .dropout = {.rate = subject_.dropout, .stream = {kSeed, 100 + step}, .first_sequence = begin * subject_.grain},
         .last = end == grains},
        work_, {.weights = gradient_.data()});
  }

  // The part of the running sum that a tied embedding keeps for itself (model/backward.h).
  void send_tied() {
    send(ring_.to, work_.tied.tokens);
    send(ring_.to, work_.tied.rows);
  }
  void receive_tied() {
    std::vector<std::int32_t> tokens;
    std::vector<float> rows;
    receive(ring_.from, tokens);
    receive(ring_.from, rows);
    keep_tied(std::move(tokens), std::move(rows));
  }
  void keep_tied(std::vector<std::int32_t> tokens, std::vector<float> rows) {
    model::TiedEmbedding& tied = work_.tied;
    tied.slot_of.assign(subject_.config.vocabulary, -1);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tied.slot_of[static_cast<std::size_t>(tokens[i])] = static_cast<std::int32_t>(i);
    tied.tokens = std::move(tokens);
    tied.rows = std::move(rows);
  }

  Digest state() {
    Sha256 hash;
    const auto add = [&](std::span<const float> values) {
      hash.update(ByteView(reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()));
    };
    add(model_.weights());
    for (const train::StateTensor& part : optimiser_.state()) {
      add(part.values);
      hash.update(ByteView(part.codes));
    }
    return hash.finish();
  }

  tensor::Context context_;
  const Subject& subject_;
  Spread spread_;
  Ring ring_;
  model::Model model_;
  model::ComputeWeights weights_;
  train::Optimiser optimiser_;
  model::Workspace work_;
  std::vector<float> gradient_;  // [P]
  std::vector<std::uint16_t> tokens_;
  train::Windows windows_;
  std::vector<std::int32_t> ids_, targets_;  // [B, T]
};

Result<Digest> work(const Subject& subject, const Spread& spread, const Ring& ring) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make({.threads = spread.threads}));
  CAIRN_ASSIGN(model::Model model, model::Model::initialise(subject.config, kSeed));
  return Worker(std::move(context), subject, std::move(model), spread, ring).run();
}

struct Pipe {
  int read = -1, write = -1;
};
Result<std::vector<Pipe>> make_pipes(std::size_t count) {
  std::vector<Pipe> pipes(count);
  for (Pipe& p : pipes) {
    int ends[2];
    if (pipe(ends) != 0) return fail(ErrorCode::failed, "no pipe");
    p = {ends[0], ends[1]};
  }
  return pipes;
}
// So that whoever waits for a worker that has failed sees the end of the pipe.
void close_others(std::span<const Pipe> pipes, int first, int second) {
  for (const Pipe& p : pipes)
    for (const int end : {p.read, p.write})
      if (end != first && end != second) close(end);
}

[[noreturn]] void be_worker(const Subject& subject, const Spread& spread, const Ring& ring, int report) {
  const auto digest = work(subject, spread, ring);
  if (!digest) {
    fmt::print(stderr, "{}: {}\n", subject.name, digest.error().message);
    _exit(2);
  }
  send(report, digest->bytes.data(), digest->bytes.size());
  _exit(0);
}

// One process for each worker; the digest that all of them report.
Result<Digest> train_apart(const Subject& subject, const Spread& spread) {
  const std::size_t n = spread.workers;
  CAIRN_ASSIGN(const auto ring, make_pipes(n));
  CAIRN_ASSIGN(const auto reports, make_pipes(n));
  std::vector<pid_t> children(n);
  for (std::size_t i = 0; i < n; ++i) {
    children[i] = fork();
    if (children[i] < 0) return fail(ErrorCode::failed, "no process");
    if (children[i] > 0) continue;
    const int from = ring[(i + n - 1) % n].read, to = ring[i].write;
    close_others(ring, from, to);
    close_others(reports, reports[i].write, -1);
    be_worker(subject, spread, {i, n, from, to}, reports[i].write);
  }
  close_others(ring, -1, -1);
  std::vector<Digest> ends(n);
  for (std::size_t i = 0; i < n; ++i) {
    int status = 0;
    waitpid(children[i], &status, 0);
    if (status != 0) return fail(ErrorCode::failed, "{}: worker {} failed", subject.name, i);
    receive(reports[i].read, ends[i].bytes.data(), ends[i].bytes.size());
    if (ends[i] != ends[0]) return fail(ErrorCode::failed, "{}: worker {} ended elsewhere", subject.name, i);
  }
  close_others(reports, -1, -1);
  return ends[0];
}

}  // namespace

Result<Digest> train(const Subject& subject, const Spread& spread) {
  return spread.workers == 1 ? work(subject, spread, {}) : train_apart(subject, spread);
}

}  // namespace cairn::bits
