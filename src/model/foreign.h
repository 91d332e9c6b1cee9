// One model, two layouts: where each tensor of another program's file lies among the weights. What fusing, splitting,
// transposing and turning of rows such files need is said here, so that reading and writing are the same few lines for
// all of them. Not the names (model/huggingface_tensors.h, model/gguf_tensors.h). Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/elements.h"
#include "model/model.h"

namespace cairn::model {

// How the file's rows (of `columns` elements each) follow from the model's, which lie one behind the other.
enum class RowOrder : std::uint8_t {
  same,
  transposed,  // the file holds [columns, rows]
  heads,       // channels of a head in another order; rows from `turned` on as they are
  by_head,     // q, k and v of each head together, [H, 3, D]; the model has [3, H, D]. q and k turned as above
};

struct ForeignTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // as the file has it
  std::size_t first = 0;             // where it begins in the flat buffer of the weights
  std::size_t columns = 1;
  RowOrder order = RowOrder::same;
  std::vector<std::uint16_t> channels;  // [D]: the model's channel of a head that the file has in each place
  std::size_t turned = 0;

  std::size_t count() const;
  // Where element i of the file lies in the flat buffer, and how many from it on lie one behind the other.
  std::size_t place(std::size_t i) const;
  std::size_t run(std::size_t i) const;

 private:
  std::size_t row(std::size_t in_file) const;
};

// Which pairs of a head's channels turn together: (i, i + half) or (2i, 2i + 1).
enum class Pairs : std::uint8_t { halves, interleaved };

// Says of each tensor of a file where it lies. The configuration must outlive it.
class ForeignBuilder {
 public:
  ForeignBuilder(const ModelConfig& config, Pairs pairs);

  void plain(std::string name, std::size_t at, std::vector<std::uint64_t> shape);
  void transposed(std::string name, std::size_t at, std::size_t rows, std::size_t columns);
  // [heads D, columns], turned about where the file pairs channels otherwise than the model; [heads D] with 0 columns,
  // and so below.
  void heads(std::string name, std::size_t at, std::size_t heads, std::size_t columns);
  // [H 3 D, columns]: q, k and v of each head together.
  void by_head(std::string name, std::size_t at, std::size_t columns);
  // [(H + 2 G) D, columns]: q, k and v one after another, turned about as by heads().
  void stacked(std::string name, std::size_t at, std::size_t columns);

  std::vector<ForeignTensor> take() { return std::move(tensors_); }

 private:
  void add(std::string name, std::size_t at, std::size_t rows, std::size_t columns, RowOrder order, std::size_t turned);

  const ModelConfig& config_;
  std::vector<std::uint16_t> channels_;
  std::vector<ForeignTensor> tensors_;
};

// For each expected tensor the stored one of its name. malformed: a tensor that is missing, of another shape, or not
// expected and not `harmless`; the message begins with `what` and names it. Nothing is allocated by what is expected,
// so this comes before a model is made.
Result<std::vector<const StoredTensor*>> match_foreign(std::string_view what, std::span<const StoredTensor> stored,
                                                       std::span<const ForeignTensor> expected,
                                                       const std::function<bool(std::string_view)>& harmless);
// Copies what match_foreign() found into the model. malformed: a value that is not finite, naming the tensor.
// `progress` hears after each tensor how many there were.
Status read_foreign(std::string_view what, std::span<const StoredTensor* const> matched,
                    std::span<const ForeignTensor> expected, Model& into,
                    const std::function<void(std::size_t)>& progress = {});

// Takes bytes in order; an error ends the writing.
using ByteSink = std::function<Status(ByteView)>;
// The elements of one tensor in the file's order. invalid: a value that the type cannot hold; the sink's errors.
Status write_foreign(const Model& model, const ForeignTensor& tensor, ElementType type, const ByteSink& sink);

}  // namespace cairn::model
