#include <fmt/format.h>

#include "learning/learning.h"

int main(int argc, char** argv) {
  using namespace cairn;
  const learning::Parsed parsed = learning::parse(argc, argv);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  learning::watch_for_interrupts();
  const Result<Json> figures = learning::learn(parsed.options);
  if (!figures) {
    fmt::print(stderr, "learning: {}\n", figures.error().message);
    if (!figures.error().hint.empty()) fmt::print(stderr, "  hint: {}\n", figures.error().hint);
    return static_cast<int>(figures.error().code);
  }
  if (parsed.options.json) {
    fmt::print("{}\n", canonical(*figures));
    return 0;
  }
  const Json& f = *figures;
  fmt::print("{:.4f} nats per character over the last tenth; best {:.4f} after step {}\n",
             f.at("validation").get<double>(), f.at("best").at("validation").get<double>(),
             f.at("best").at("step").get<std::uint32_t>());
  fmt::print("SHA-256 of the final weights' file: {}\n", f.at("digest").get<std::string>());
  return 0;
}
