// A model as a file: safetensors, weights in F32, the configuration in the metadata (docs/formats/checkpoint.md).
// Equal models have equal bytes, so the model's digest is the SHA-256 of the file, as sha256sum prints it.
// Pure functions; the reader takes hostile bytes.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/model.h"
#include "model/safetensors.h"

namespace cairn::model {

Bytes encode(const Model& model);
// The same with the weights where they are: the model must outlive it.
FileParts encode_parts(const Model& model);

// malformed: not safetensors, a header or tensor that does not fit the file, a hole or an overlap, a name or shape that
// the configuration does not have, a weight that is not finite. unsupported: another family, element type or profile.
Result<Model> decode(ByteView file);

// The SHA-256 of encode(model), without building the file.
Digest digest_of(const Model& model);

// A model with an annex: one tensor more, for whoever works on it. Its format is another, so decode(file) refuses it:
// a finished model has no annex.
Bytes encode(const Model& model, const NamedTensor& annex);
Digest digest_of(const Model& model, const NamedTensor& annex);
// Whether the metadata says so. Errors as read_metadata.
Result<bool> is_annexed(ByteView file);
// The tensor to expect may depend on the configuration: `expect` is asked once that is known, with weights still zero.
Result<Model> decode(ByteView file, const std::function<ExpectedTensor(const Model&)>& expect);

}  // namespace cairn::model
