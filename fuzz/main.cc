// A target without libFuzzer: files given are fed as they are; without any, the examples and damaged copies of them.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "fuzz/damage.h"
#include "fuzz/target.h"

namespace {

constexpr std::string_view kUsage =
    "usage: fuzz_NAME [--rounds N] [--seed S] [--examples FOLDER] [--last FILE] [FILE...]\n"
    "  FILE...            feed these, as a fuzzer left them\n"
    "  --rounds N         damaged copies to feed where no file is given (20000)\n"
    "  --seed S           of the damage; drawn and printed where it is not given\n"
    "  --examples FOLDER  write the valid examples there, for a fuzzer to begin with, and stop\n"
    "  --last FILE        keep each input there before it is fed, to find the one that ends the program\n";

struct Options {
  std::uint64_t rounds = 20000, seed = 0;
  std::filesystem::path examples, last;
  std::vector<std::filesystem::path> files;
};

bool number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse(int count, char** arguments, Options& out) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (!name.starts_with("--")) {
      out.files.emplace_back(name);
      continue;
    }
    if (++i == count) return false;
    if (name == "--examples")
      out.examples = arguments[i];
    else if (name == "--last")
      out.last = arguments[i];
    else if (name == "--rounds" ? !number(arguments[i], out.rounds)
                                : name != "--seed" || !number(arguments[i], out.seed))
      return false;
  }
  return true;
}

int failed(const cairn::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int write_examples(const Options& options) {
  std::filesystem::create_directories(options.examples);
  std::size_t next = 0;
  for (const cairn::Bytes& example : cairn::fuzz::examples())
    if (const auto done = cairn::write_file(options.examples / std::to_string(next++), example); !done)
      return failed(done.error());
  return 0;
}

int feed_files(const Options& options) {
  for (const auto& path : options.files) {
    const auto bytes = cairn::read_file(path);
    if (!bytes) return failed(bytes.error());
    cairn::fuzz::consume(*bytes);
  }
  return 0;
}

int feed_damage(const Options& options) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  const std::vector<cairn::Bytes> examples = cairn::fuzz::examples();
  for (const cairn::Bytes& example : examples) cairn::fuzz::consume(example);
  cairn::fuzz::consume({});
  std::mt19937_64 random(options.seed);
  for (std::uint64_t round = 0; round < options.rounds; ++round) {
    const cairn::Bytes input = cairn::fuzz::damaged(examples[random() % examples.size()], random);
    if (!options.last.empty())
      if (const auto kept = cairn::write_file(options.last, input); !kept) return failed(kept.error());
    cairn::fuzz::consume(input);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  options.seed = std::random_device{}();
  if (!parse(count, arguments, options)) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  if (!options.examples.empty()) return write_examples(options);
  return options.files.empty() ? feed_damage(options) : feed_files(options);
}
