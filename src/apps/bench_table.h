// `cairn bench`: what this machine computes, beside what it could. Blocking; uses all threads of a Context of its own.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "tensor/measure.h"

namespace cairn::apps {

// "2048x512x192". invalid: anything else, or a side out of 1 to 65536.
Result<tensor::MeasuredProduct> parse_shape(const std::string& text);

// One product: gflops, peak_gflops (multiply-adds in registers), and what was measured.
Result<Json> measure_gemm(const tensor::MeasuredProduct& product);

// One line of the table: what was measured, in which unit, beside which limit of the machine.
struct BenchRow {
  std::string name, shape, unit;
  double rate = 0, limit = 0;
};
std::string text_of(const BenchRow& row);
Json json_of(const BenchRow& row);

// Every product, operation and the training of one shape; `each` gets every row as soon as it is there. About a minute.
Status measure_table(const std::function<void(const BenchRow&)>& each);

}  // namespace cairn::apps
