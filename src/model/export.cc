#include "model/export.h"

namespace cairn::model {

Status write_planned(const Model& model, const PlannedFile& file, const ByteSink& sink) {
  CAIRN_TRY(sink(file.head));
  for (const PlannedTensor& planned : file.tensors) {
    CAIRN_TRY(write_foreign(model, planned.tensor, planned.type, sink));
    if (planned.padding > 0) CAIRN_TRY(sink(Bytes(planned.padding)));
  }
  return {};
}

}  // namespace cairn::model
