// A file to be written in another program's format: what stands before the tensors, and which tensors follow, so that
// files far larger than memory are written as a stream. Not where they are written. Values and a pure function.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/foreign.h"

namespace cairn::model {

struct PlannedTensor {
  ForeignTensor tensor;
  ElementType type = ElementType::f32;
  std::size_t padding = 0;  // zeros behind it
};

struct PlannedFile {
  std::string name;
  Bytes head;  // all of it where there are no tensors
  std::vector<PlannedTensor> tensors;
  std::uint64_t bytes = 0;  // of the whole file
};

// The file's bytes in order. The plan is for the model's configuration. invalid: a weight that the element type cannot
// hold; the sink's errors.
Status write_planned(const Model& model, const PlannedFile& file, const ByteSink& sink);

}  // namespace cairn::model
