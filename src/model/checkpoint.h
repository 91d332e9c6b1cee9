// A model as a file: safetensors, weights in F32, the configuration in the metadata (docs/formats/checkpoint.md).
// Equal models have equal bytes, so the model's digest is the SHA-256 of the file, as sha256sum prints it.
// Pure functions; the reader takes hostile bytes.
#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/model.h"

namespace cairn::model {

Bytes encode(const Model& model);

// malformed: not safetensors, a header or tensor that does not fit the file, a hole or an overlap, a name or shape that
// the configuration does not have, a weight that is not finite. unsupported: another family, element type or profile.
Result<Model> decode(ByteView file);

// The SHA-256 of encode(model), without building the file.
Digest digest_of(const Model& model);

}  // namespace cairn::model
