#include "work/record_set.h"

namespace cairn::work {

Json to_json(const RecordSet& set) {
  return {{"asset", set.id.hex()},    {"name", set.name},
          {"licences", set.licences}, {"undeclared", set.permit.is_undeclared()},
          {"records", set.records},   {"bytes", set.bytes}};
}

}  // namespace cairn::work
