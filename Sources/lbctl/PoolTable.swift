// What `lbctl pool` shows: one row for each replica, then a line that says how they are and why.

import CommandText
import ControlProtocol

/// Pools as lines of text.
struct PoolTable {
  private let pools: [PoolStatus]

  init(_ pools: [PoolStatus]) {
    self.pools = pools
  }

  /// The columns are the same on a terminal and on a pipe; the pool's name comes first only where
  /// more than one pool is shown.
  func lines(hasHeader: Bool = true, isColoured: Bool = false) -> [String] {
    let namesPools = pools.count > 1
    var table = Table((namesPools ? [.left("POOL")] : []) + PoolTable.columns)
    for pool in pools {
      for replica in pool.replicas {
        table.rows.append((namesPools ? [Table.Cell(pool.name)] : []) + PoolTable.row(replica))
      }
    }
    return table.lines(hasHeader: hasHeader, isColoured: isColoured)
  }

  private static let columns: [Table.Column] = [
    .left("REPLICA"), .left("ADDRESS"), .left("STATE"), .right("SINCE"), .right("WEIGHT"),
    .right("ACTIVE"), .right("REQ/S"), .right("P50"), .right("P99"), .right("5XX"),
    .right("RETRY"), .left("CHECK"),
  ]

  private static func row(_ replica: ReplicaReport) -> [Table.Cell] {
    [
      Table.Cell(replica.name), Table.Cell(replica.address),
      Table.Cell(replica.state.rawValue, colour(replica.state)),
      Table.Cell(Readable.duration(seconds: replica.stateSeconds)),
      "\(replica.weight)", "\(replica.active)",
      Table.Cell(Readable.rate(replica.rate)),
      Table.Cell(Readable.latency(milliseconds: replica.p50Milliseconds)),
      Table.Cell(Readable.latency(milliseconds: replica.p99Milliseconds)),
      "\(replica.status5xx)", "\(replica.retries)", Table.Cell(check(replica.check)),
    ]
  }

  static func colour(_ state: ReplicaState) -> Colour {
    switch state {
    case .up: .green
    case .starting, .warming, .slow: .yellow
    case .ejected, .down, .draining, .maint, .unresolved: .red
    }
  }

  /// An answer's status goes with the time it took; how long a failure took says little.
  private static func check(_ check: ReplicaReport.Check) -> String {
    let isStatus = Int(check.result.hasSuffix("?") ? check.result.dropLast() : check.result[...])
    guard isStatus != nil, let latency = check.latencyMilliseconds else {
      return check.result
    }
    return "\(check.result) \(Readable.latency(milliseconds: latency))"
  }

  // MARK: The line below

  /// `2 up, 1 ejected (8082: connect refused; next probe in 0.2s)`.
  var summary: String {
    let replicas = pools.flatMap(\.replicas)
    guard !replicas.isEmpty else { return "no replicas" }
    let groups = PoolTable.order.compactMap { state -> String? in
      let members = replicas.filter { $0.state == state }
      return members.isEmpty ? nil : PoolTable.group(state, members)
    }
    return groups.joined(separator: ", ")
  }

  private static let order: [ReplicaState] = [
    .up, .warming, .slow, .starting, .ejected, .down, .unresolved, .draining, .maint,
  ]

  private static func group(_ state: ReplicaState, _ members: [ReplicaReport]) -> String {
    let count = "\(members.count) \(state.rawValue)"
    guard state != .up && state != .warming else { return count }
    let named = members.prefix(3).map { "\(Readable.clean($0.name)): \(reason($0))" }
    let rest = members.count > 3 ? ["and \(members.count - 3) more"] : []
    return "\(count) (\((named + rest).joined(separator: ", ")))"
  }

  private static func reason(_ replica: ReplicaReport) -> String {
    guard !replica.state.isOrderedOut else { return "\(replica.active) in flight" }
    guard replica.state != .unresolved else {
      return replica.lookup.map { Readable.clean($0) } ?? "being looked up"
    }
    let cause: String
    switch replica.check.result {
    case "-": cause = "no probe yet"
    case "refused": cause = "connect refused"
    case let status where Int(status) != nil: cause = "answered \(status)"
    case let other: cause = Readable.clean(other)
    }
    guard let next = replica.check.nextInMilliseconds else { return cause }
    return "\(cause); next probe in \(Readable.duration(seconds: max(0, next) / 1000))"
  }
}
