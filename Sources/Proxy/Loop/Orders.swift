// What the control thread, or another worker, tells a worker, and how the worker goes on with another
// configuration.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  mutating func takeOrders() {
    for order in links.orders.take() {
      switch order {
      case .adopt(let snapshot): adopt(snapshot)
      case .serveHeld(let pool):
        links.pool.hear(links.index, of: pool)
        if pool < lanes.count { refill(pool) }
      case .serve(let descriptor, let peer): takeOver(Descriptor(owning: descriptor), peer)
      case .closeConnections(let replica): closeConnections(to: replica)
      case .release(let replica): _ = closeOneResting(replica)
      case .listen(let listener): listen(on: Descriptor(owning: listener))
      case .drainClients(let isLast): drainClients(isLast: isLast)
      case .cut: cutLeaving()
      case .drain(let takesWaiting): drain(takesWaiting: takesWaiting)
      case .stop: isStopped = true
      case .welcome:
        listenAgain = 0
        resumeListening()
      case .tick: links.counts.add(.ticks, links.index)
      }
    }
  }

  /// Goes on with another configuration. Connections stay; idle ones to replicas that are gone or
  /// whose address has changed are closed.
  mutating func adopt(_ next: Snapshot) {
    let before = addresses
    snapshot = next
    settings = next.settings
    requestHead.fields.setLimit(settings.fieldLimit)
    responseHead.fields.setLimit(settings.fieldLimit)
    (addresses, limitsOfRequests) = ([], [])
    for (number, pool) in next.pools.enumerated() { adopt(pool, number) }
    for replica in before.indices
    where addresses.count <= replica || addresses[replica] != before[replica] {
      closeConnections(to: replica)
    }
    renewSilences()
    fitLimits()
    access.adopt(next.settings, next.pools[Numbering.mainPool].replicas)
  }

  /// What is in flight has the times that are set now.
  private mutating func renewSilences() {
    var next = exchanges.first
    while let exchange = next {
      setSilence(exchange)
      next = exchanges.next(after: exchange)
    }
  }

  private mutating func adopt(_ pool: PoolPlan, _ number: Int) {
    if number == lanes.count {
      lanes.append(Lane(pool: number, policy: pool.policy))
    } else {
      lanes[number].adopt(pool.policy)
    }
    for replica in pool.replicas { setAddress(replica, pool.policy) }
    lanes[number].dispatcher.servesHeld = true
    servesHeld = true
  }

  /// Takes no more connections than it may have now; those that are more end by themselves.
  private mutating func fitLimits() {
    clients.limit(to: min(settings.clients, limits.clients))
    upstreams.limit(to: settings.upstreams)
    while upstreams.count > upstreams.capacity && closeAnyIdle() {}
  }

  /// Closes the idle connections to a replica, and those in use once they are idle.
  private mutating func closeConnections(to replica: Int) {
    generations[replica] &+= 1
    closeIdle(replica)
    learntRests[replica] = IdleLimit()
  }

  private mutating func setAddress(_ replica: Replica, _ policy: Policy) {
    while addresses.count <= replica.slot {
      addresses.append(nil)
      limitsOfRequests.append(.max)
    }
    addresses[replica.slot] = replica.address
    let most = replica.maxRequests == 0 ? .max : replica.maxRequests
    limitsOfRequests[replica.slot] = min(most, policy.replicaConnections)
  }
}
