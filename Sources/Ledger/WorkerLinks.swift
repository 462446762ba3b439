// A worker's parts from outside: its limits, and the records that it shares with the other threads.

package import LinuxIO

/// The most records of each kind that one worker may hold.
package struct WorkerLimits: Sendable {
  /// Connections from clients.
  package let clients: Int
  /// Connections to replicas.
  package let upstreams: Int

  package init(clients: Int, upstreams: Int) {
    self.clients = clients
    self.upstreams = upstreams
  }
}

/// The records that a worker shares with the other threads.
package struct WorkerLinks: Sendable {
  package let index: Int
  package let pool: SharedPool
  package let tally: Tally
  package let counts: WorkerCounts
  package let addresses: AddressCounts
  /// The mailboxes of all workers, by index.
  package let workers: [Mailbox<Order>]
  package let reports: Mailbox<WorkerReport>
  /// The ring that takes the lines of the access log.
  package let access: LogRing

  package init(
    index: Int, pool: SharedPool, tally: Tally, counts: WorkerCounts, addresses: AddressCounts,
    workers: [Mailbox<Order>], reports: Mailbox<WorkerReport>, access: LogRing = LogRing()
  ) {
    self.index = index
    self.pool = pool
    self.tally = tally
    self.counts = counts
    self.addresses = addresses
    self.workers = workers
    self.reports = reports
    self.access = access
  }

  /// The worker's own mailbox.
  package var orders: Mailbox<Order> { workers[index] }
}
