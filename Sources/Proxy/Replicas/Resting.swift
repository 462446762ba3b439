// Idle connections to replicas. They are kept for the next request, newest first, while they are likely
// to be open at the other end, and only as many as may be.

import Balancing
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Keeps a connection that has ended its exchange well. The connection may serve the next one after
  /// this batch of events.
  mutating func putIdle(_ upstream: SlabSlot<Upstream>) {
    upstreams[upstream].isReused = true
    upstreams[upstream].idleSince = now
    let until = now + restLimit(upstream)
    upstreams[upstream].usableUntil = until
    upstreams[upstream].usableFrom = upstreams[upstream].isDoubtful ? now + Worker.watchTime : 0
    upstreamDeadlines.set(upstream, at: until)
    rested.append(upstreams.token(upstream))
  }

  /// The time for which a connection serves no exchange after the response to a HEAD, in nanoseconds.
  /// Some servers send the body all the same, a moment later, and the next client would get that body.
  private static var watchTime: UInt64 { 100_000_000 }

  /// The time that a connection may be idle: the least of the conf's, the replica's own and the
  /// estimate.
  private mutating func restLimit(_ upstream: SlabSlot<Upstream>) -> UInt64 {
    var limit = lanes[upstreams[upstream].pool].policy.upstreamIdleTimeout
    let stated = upstreams[upstream].keepAlive
    if stated >= 0 { limit = min(limit, IdleLimit.safe(UInt64(stated) * 1_000_000_000)) }
    return min(limit, learntRests[upstreams[upstream].replica].usable ?? limit)
  }

  /// Makes the connections idle that ended an exchange in the last batch of events.
  mutating func linkRested() {
    for token in rested {
      guard let upstream = upstreams.slot(of: token) else { continue }
      let replica = upstreams[upstream].replica
      guard address(of: replica) != nil && upstreams[upstream].generation == generations[replica]
      else {
        closeUpstream(upstream)
        continue
      }
      let most = lanes[upstreams[upstream].pool].policy.restingLimit
      if upstreams[upstream].isDoubtful && Int(idleCounts[replica]) >= most {
        upstreams[upstream].leg.resetOnClose()
        closeUpstream(upstream)
        continue
      }
      upstreams[upstream].isDoubtful = false
      let newest = idle[replica].slot
      upstreams[upstream].older = newest
      upstreams[upstream].newer = .absent
      if newest != .absent { upstreams[newest].newer = upstream }
      idle[replica] = SlabLink(upstream)
      idleCounts[replica] += 1
      if Int(idleCounts[replica]) > most { restBriefly(upstream) }
    }
    rested.removeAll(keepingCapacity: true)
  }

  /// More connections are idle than may be. This one is kept for a moment only: it serves what is under
  /// way, and goes with the burst that it was opened for.
  private mutating func restBriefly(_ upstream: SlabSlot<Upstream>) {
    let until = min(upstreams[upstream].usableUntil, now + Worker.surplusRest)
    upstreams[upstream].usableUntil = until
    upstreams[upstream].isSurplus = true
    upstreamDeadlines.set(upstream, at: until)
  }

  private static var surplusRest: UInt64 { 1_000_000_000 }

  /// A connection to a replica that has neither ended nor spoken unasked: one that ended would fail the
  /// request, and what came on it would be taken for the answer. Events tell this of idle connections,
  /// since events of replicas are handled before those of clients. A connection that ended an exchange
  /// in this very batch has to be asked.
  /// - Parameter isRepeatable: the request may be made again if its connection ends all the same. Any
  ///   other request takes no connection that has been idle for long: its replica might just be closing
  ///   it, and the cost of a new connection matters least where requests are that rare. The idle
  ///   connection is closed when another is opened instead, so that no more are idle than were ever in
  ///   use at once.
  mutating func takeIdle(_ replica: Int, isRepeatable: Bool) -> SlabSlot<Upstream>? {
    var next = idle[replica].slot
    while next != .absent {
      let upstream = next
      next = upstreams[upstream].older
      if now < upstreams[upstream].usableFrom { continue }
      if now >= upstreams[upstream].usableUntil {
        dropIdle(upstream)
        continue
      }
      let rest = now - upstreams[upstream].idleSince
      if !isRepeatable && rest > min(Worker.briefRest, restLimit(upstream) / 2) {
        upstreams[upstream].isSurplus = true
        dropIdle(upstream)
        break
      }
      if !mayHaveMoreEvents || upstreams[upstream].leg.isSilent(transport) {
        unlinkIdle(upstream)
        return upstream
      }
      dropIdle(upstream)
    }
    return takeRested(replica)
  }

  /// An idle time after which hardly any replica closes a connection, in nanoseconds.
  private static var briefRest: UInt64 { 500_000_000 }

  /// Looks at no more than the last few, so that the search costs less than a connection.
  private mutating func takeRested(_ replica: Int) -> SlabSlot<Upstream>? {
    for index in rested.indices.suffix(64).reversed() {
      guard let upstream = upstreams.slot(of: rested[index]),
        upstreams[upstream].replica == replica,
        upstreams[upstream].generation == generations[replica],
        now >= upstreams[upstream].usableFrom
      else { continue }
      rested.swapAt(index, rested.count - 1)
      rested.removeLast()
      if upstreams[upstream].leg.isSilent(transport) { return upstream }
      closeUpstream(upstream)
      return nil
    }
    return nil
  }

  private mutating func unlinkIdle(_ upstream: SlabSlot<Upstream>) {
    idleCounts[upstreams[upstream].replica] -= 1
    let (newer, older) = (upstreams[upstream].newer, upstreams[upstream].older)
    if older != .absent { upstreams[older].newer = newer }
    if newer != .absent {
      upstreams[newer].older = older
    } else {
      idle[upstreams[upstream].replica] = SlabLink(older)
    }
    upstreams[upstream].newer = .absent
    upstreams[upstream].older = .absent
  }

  /// Closes an idle connection. Those of a burst are reset: closed one by one they would keep a local
  /// port each for a minute (RFC 9293 §3.6), and as many as there are ports use up a replica.
  mutating func dropIdle(_ upstream: SlabSlot<Upstream>) {
    if upstreams[upstream].isSurplus { upstreams[upstream].leg.resetOnClose() }
    unlinkIdle(upstream)
    closeUpstream(upstream)
  }

  /// Closes all idle connections to a replica.
  mutating func closeIdle(_ replica: Int) {
    while case let upstream = idle[replica].slot, upstream != .absent { dropIdle(upstream) }
  }

  /// Closes an idle connection to a replica; false when none is idle here.
  mutating func closeOneResting(_ replica: Int) -> Bool {
    let newest = idle[replica].slot
    if newest != .absent {
      dropIdle(newest)
    } else if let index = restedIndex(replica) {
      if let upstream = upstreams.slot(of: rested.remove(at: index)) { closeUpstream(upstream) }
    } else {
      return false
    }
    return true
  }

  /// The index in `rested` of a connection to a replica.
  mutating func restedIndex(_ replica: Int) -> Int? {
    for index in rested.indices {
      if let upstream = upstreams.slot(of: rested[index]), upstreams[upstream].replica == replica {
        return index
      }
    }
    return nil
  }

  /// Makes room for a connection; false when every one is in use.
  mutating func closeAnyIdle() -> Bool {
    for replica in addresses.indices {
      let newest = idle[replica].slot
      if newest == .absent { continue }
      dropIdle(newest)
      return true
    }
    while let token = rested.popLast() {
      guard let upstream = upstreams.slot(of: token) else { continue }
      closeUpstream(upstream)
      return true
    }
    return false
  }
}
