// How a worker lets its clients go when lbd stops. Where others can wait for the next lbd, those who are
// connected are let go while newcomers are served: the worker looks for them once a batch, by their tokens.

import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Ends the connections that are there, each after what is in flight on it.
  /// - Parameter isLast: newcomers, too, are let go after their first request.
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

  /// Says so once all are gone that were let go.
  mutating func seeOff() {
    while let token = leaving.last, clients.slot(of: token) == nil { leaving.removeLast() }
    guard leaving.isEmpty else { return }
    seesOff = false
    links.reports.post(.gone(isLast: hasLastCall))
  }

  /// Those who were let go have had their time.
  mutating func cutLeaving() {
    seesOff = false
    for token in leaving {
      if let client = clients.slot(of: token) { closeClient(client) }
    }
    leaving = []
  }

  /// Accepts no more, and closes the connections that have no request under way and send none in a moment.
  /// - Parameter takesWaiting: the kernel's queue goes with this lbd, so those that wait there are taken
  ///   first. Where another holds the listener they are the next lbd's, which has time for them.
  mutating func drain(takesWaiting: Bool) {
    // From here on it hands no connection to another worker, which may have ended.
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

  /// Sets an end to connections that have no request under way and none to read.
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
