// The program of the bits test, built by several compilers and for several processors; bits.sh runs them and compares.
//   bits isas                                                  the instruction sets of this machine, a line each
//   bits train SIZE [THREADS [MICRO_BATCH [WORKERS]]]          each model of that size (tiny, small): its name and the
//                                                              hash of weights and optimiser after 50 steps
// CAIRN_ISA names the instruction set. The exit status is 0 only if all went well.
#include <cstdlib>
#include <string_view>

#include "tensor/isa.h"
#include "training.h"

namespace {

using namespace cairn;

int complain(std::string_view message) {
  fmt::print(stderr, "bits: {}\n", message);
  return 2;
}

int print_trained(bits::Size size, const bits::Spread& spread) {
  for (const bits::Subject& subject : bits::subjects(size)) {
    const auto digest = bits::train(subject, spread);
    if (!digest) return complain(digest.error().message);
    fmt::print("{} {}\n", subject.name, digest->hex());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view act = argc > 1 ? argv[1] : "", size = argc > 2 ? argv[2] : "";
  const auto number = [&](int i) { return argc > i ? std::atoi(argv[i]) : 1; };
  if (act == "isas" && argc == 2) {
    for (const tensor::Isa isa : tensor::available_isas()) fmt::print("{}\n", tensor::name_of(isa));
    return 0;
  }
  if (act == "train" && (size == "tiny" || size == "small") && argc <= 6 && number(3) > 0 && number(4) > 0 &&
      number(5) > 0)
    return print_trained(size == "tiny" ? bits::Size::tiny : bits::Size::small,
                         {.threads = number(3),
                          .micro_batch = static_cast<std::size_t>(number(4)),
                          .workers = static_cast<std::size_t>(number(5))});
  return complain("usage: bits isas | train tiny|small [threads [micro-batch [workers]]]");
}
