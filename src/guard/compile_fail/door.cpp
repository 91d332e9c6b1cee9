// Ways round the guard that must not compile, one a case, and beside them the ways that must. CMakeLists.txt compiles each.
#include "guard/guard.h"
#include "ledger/blob_store.h"

using namespace cairn;

#if CAIRN_CASE == 0  // what anyone may do
Result<Bytes> read(guard::Guard& guard, const permit::Use& use, const AssetId& asset) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(use, asset));
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, asset, "records"));
  guard::Pass copy = pass;
  CAIRN_TRY(guard.check(copy));
  const ledger::Ledger& ledger = guard.ledger();
  CAIRN_TRY(ledger.asset(asset));
  return Bytes(reader.bytes().begin(), reader.bytes().end());
}
#elif CAIRN_CASE == 1  // a pass out of nothing
guard::Pass forged() { return guard::Pass(); }
#elif CAIRN_CASE == 2  // the same, as an aggregate
guard::Pass forged() { return {}; }
#elif CAIRN_CASE == 3  // a pass made to hold for longer
void prolong(guard::Pass& pass) { pass.deadline_ += Duration(1); }
#elif CAIRN_CASE == 4  // a pass by inheritance
struct Mine : guard::Pass {};
Mine forged() { return Mine(); }
#elif CAIRN_CASE == 5  // a reader of one's own
guard::Reader forged() { return guard::Reader(Bytes()); }
#elif CAIRN_CASE == 6  // the guard's key
ledger::DoorKey forged() { return ledger::DoorKey(); }
#elif CAIRN_CASE == 7  // the blob store with an unnamed key
ledger::BlobStore store(const Env& env) { return ledger::BlobStore({}, "site", env); }
#elif CAIRN_CASE == 8  // storing past the guard
auto store(ledger::Ledger& ledger) { return ledger.commit({}, {}, {}, {}); }
#elif CAIRN_CASE == 9  // a copy of the guard's own tools
auto tools(guard::Guard& guard) { return guard.state_.get(); }
#endif
