// A request that comes back to the lbd which has sent it on: a replica's address that leads to lbd
// itself, or two lbds that have each other for replicas.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Answers a request that has come through this lbd before, or through too many of them: 508, and
  /// whoever asked to know whether a replica is well is told that this is none. False where it goes on.
  mutating func endsLoop(_ exchange: SlabSlot<Exchange>, _ headLength: Int) -> Bool {
    let client = exchanges[exchange].client
    let cause: String
    switch clients[client].hops(requestHead, mark: settings.forward.mark) {
    case .goesOn: return false
    case .isBack: cause = "the request has come back to this lbd: a replica leads to lbd itself"
    case .tooMany: cause = "the request has come through \(Hops.limit) lbds: they may form a loop"
    }
    clients[client].input.dropHead(headLength)
    fail(exchange, 508, "the request goes round in a loop", .loop, cause: cause)
    return true
  }
}
