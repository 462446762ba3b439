// The end of a worker's clients when lbd stops. Where new connections can wait for the next lbd, the
// worker drains the clients that are connected and still serves newcomers: once a batch it looks for
// the drained clients, by their tokens.

import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Ends the connections that are open now, each after what is in flight on it.
  /// - Parameter isLast: newcomers, too, are drained, after their first request.
  mutating func drainClients(isLast: Bool) {
    guard !isDraining else { return }
    hasLastCall = isLast
    markLeaving()
    leaving.removeAll()
    var next = clients.first
    while let client = next {
      leaving.append(clients.token(client))
      next = clients.next(after: client)
    }
    seesOff = true
    endSilent()
  }

  /// Reports once all drained clients are gone.
  mutating func seeOff() {
    while let token = leaving.last, clients.slot(of: token) == nil { leaving.removeLast() }
    guard leaving.isEmpty else { return }
    seesOff = false
    links.reports.post(.gone(isLast: hasLastCall))
  }

  /// Closes the drained clients that are still connected: their time is over.
  mutating func cutLeaving() {
    seesOff = false
    for token in leaving {
      if let client = clients.slot(of: token) { closeClient(client) }
    }
    leaving = []
  }

  /// Accepts no more, and closes the connections that have no request under way and send none in a moment.
  /// - Parameter takesWaiting: the kernel's queue goes with this lbd, so the connections that wait
  ///   there are taken first. Where another lbd holds the listener, it takes them.
  mutating func drain(takesWaiting: Bool) {
    // From here on this worker hands no connection to another worker, which may have ended.
    isDraining = true
    hasLastCall = true
    while takesWaiting && clients.count < clients.capacity && accept() {}
    emptyFormer()
    pauseListening()
    listener = nil
    former = nil
    markLeaving()
    endSilent()
  }

  private mutating func markLeaving() {
    var next = clients.first
    while let client = next {
      clients[client].isLeaving = true
      next = clients.next(after: client)
    }
  }

  /// How long a client may still send a request on an open connection while lbd drains, in
  /// nanoseconds: a request that is on its way when the connection is closed would be lost.
  static var drainGrace: UInt64 { 1_000_000_000 }

  /// Ends the connections that have no request under way and none to read.
  mutating func endSilent() {
    var next = clients.first
    while let client = next {
      if clients[client].phase == .reading {
        clients[client].leg.isReadable = true
        readRequest(client)
      }
      next = clients.next(after: client)
    }
  }
}
