// Requests that come back to the lbd which has sent them on: a replica's address leads to lbd itself,
// or two lbds have each other for replicas.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Answers a request that has come through this lbd before, or through too many lbds, with 508: a
  /// probe learns that this is no replica. False where the request goes on.
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
