// The key to whatever changes a site or reads its bytes. Only the guard can make one, so only the guard can call what
// asks for it.
#pragma once

namespace cairn::guard {
class Guard;
}

namespace cairn::ledger {

class DoorKey {
  friend class guard::Guard;
  DoorKey() {}  // not "= default": an aggregate could be made by anyone
};

}  // namespace cairn::ledger
