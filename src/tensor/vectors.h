// Published test vectors: for each operation of profile c1, inputs from a seed (special values among them) and the
// SHA-256 of the outputs. They are the definition's witness: a kernel that reproduces them is used, one that does not
// is refused.
#pragma once

#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "tensor/context.h"

namespace cairn::tensor {

struct Vector {
  std::string_view operation;
  std::string_view digest;  // SHA-256 of the outputs, hexadecimal
};
std::span<const Vector> published_vectors();

// The digest of the named operation's outputs as this context computes them. not_found: no such operation.
Result<Digest> compute_vector(Context& context, std::string_view operation);

// failed: the first operation that differs, expected against got. Some milliseconds.
Status verify(Context& context);

}  // namespace cairn::tensor
