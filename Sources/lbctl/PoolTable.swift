// What `lbctl pool` shows: one row for each replica, then a line that says how they are and why.

import CommandText
import ControlProtocol

/// Pools as lines of text.
struct PoolTable {
  private let pools: [PoolStatus]

  init(_ pools: [PoolStatus]) {
    self.pools = pools
  }

  /// How much room there is.
  enum Room: Equatable {
    /// Whatever the lines need.
    case all
    /// That of a terminal so wide: what has no room there is left out, what tells least first.
    case terminal(Int)
    /// That of a pipe, where columns come and go with nothing that happens: those that usually fit 80.
    case pipe

    /// Where texts are broken.
    var width: Int? {
      switch self {
      case .all: nil
      case .terminal(let width): width
      case .pipe: 80
      }
    }
  }

  /// The pool's name comes first only where more than one pool is shown.
  func lines(
    hasHeader: Bool = true, isColoured: Bool = false, in room: Room = .all
  ) -> [String] {
    let whole = PoolTable.columns
    switch room {
    case .all: return table(whole).lines(hasHeader: hasHeader, isColoured: isColoured)
    case .pipe:
      let usual = whole.filter { $0.importance > PoolTable.leastInPipe }
      return table(usual).lines(hasHeader: hasHeader, isColoured: isColoured)
    case .terminal(let width):
      var table = table(whole)
      for importance in whole.map(\.importance).filter({ $0 < .max }).sorted()
      where table.width(ofLastAtMost: 24) > width {
        table = self.table(whole.filter { $0.importance > importance })
      }
      return table.lines(hasHeader: hasHeader, isColoured: isColoured)
    }
  }

  private func table(_ columns: [Column]) -> Table {
    let namesPools = pools.count > 1
    var table = Table((namesPools ? [.left("POOL")] : []) + columns.map(\.heading))
    for pool in pools {
      for replica in pool.replicas {
        let cells = columns.map { $0.cell(replica) }
        table.rows.append((namesPools ? [Table.Cell(pool.name)] : []) + cells)
      }
    }
    return table
  }

  // MARK: Columns

  /// One column, and how much it tells.
  private struct Column: Sendable {
    let heading: Table.Column
    /// As a figure's; `.max` for who a replica is, how it is and why, which are never left out.
    let importance: Int
    let cell: @Sendable (ReplicaReport) -> Table.Cell

    init(
      _ heading: Table.Column, importance: Int = .max,
      _ cell: @escaping @Sendable (ReplicaReport) -> Table.Cell
    ) {
      self.heading = heading
      self.importance = importance
      self.cell = cell
    }
  }

  /// A pipe gets the columns of more importance than this.
  private static let leastInPipe = 30

  private static let columns =
    [
      Column(.left("REPLICA")) { Table.Cell($0.name) },
      Column(.left("ADDRESS"), importance: 90) { Table.Cell($0.address) },
      Column(.left("STATE")) { Table.Cell($0.state.rawValue, colour($0.state)) },
      Column(.right("SINCE"), importance: 80) {
        Table.Cell(Readable.duration(seconds: $0.stateSeconds))
      },
      Column(.right("WEIGHT"), importance: 30) { "\($0.weight)" },
    ] + figures + [Column(.left("CHECK")) { Table.Cell(check($0.check)) }]

  private static let figures = ReplicaFigure.all.compactMap { figure in
    figure.column.map { column in
      Column(.right(column.heading), importance: column.importance) { replica in
        Table.Cell(text(replica[figure.name], in: figure.unit))
      }
    }
  }

  private static func text(_ value: FigureValue, in unit: ReplicaFigure.Unit) -> String {
    switch value {
    case .count(let count): "\(count)"
    case .measure(let measure):
      unit == .perSecond ? Readable.rate(measure) : latency(measure)
    }
  }

  static func colour(_ state: ReplicaState) -> Colour {
    switch state {
    case .up: .green
    case .starting, .slow: .yellow
    case .ejected, .down, .draining, .maint, .unresolved: .red
    }
  }

  /// An answer's status goes with the time it took; how long a failure took says little.
  private static func check(_ check: ReplicaReport.Check) -> String {
    let isStatus = Int(check.result.hasSuffix("?") ? check.result.dropLast() : check.result[...])
    guard isStatus != nil, let latency = check.latencyMilliseconds else {
      return check.result
    }
    return "\(check.result) \(PoolTable.latency(latency))"
  }

  /// Without the tenths of long ones, which matter as little as there is room for them.
  private static func latency(_ milliseconds: Double?) -> String {
    guard let milliseconds, milliseconds >= 9.95, milliseconds < 999.5 else {
      return Readable.latency(milliseconds: milliseconds)
    }
    return "\(Readable.fixed(milliseconds, digits: 0))ms"
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
    .up, .slow, .starting, .ejected, .down, .unresolved, .draining, .maint,
  ]

  private static func group(_ state: ReplicaState, _ members: [ReplicaReport]) -> String {
    let count = "\(members.count) \(state.rawValue)"
    guard state != .up else { return count }
    let named = members.prefix(3).map { "\($0.name): \(reason($0))" }
    let rest = members.count > 3 ? ["and \(members.count - 3) more"] : []
    return "\(count) (\((named + rest).joined(separator: ", ")))"
  }

  private static func reason(_ replica: ReplicaReport) -> String {
    guard !replica.state.isOrderedOut else { return "\(replica.active) in flight" }
    guard replica.state != .unresolved else {
      return replica.lookup ?? "being looked up"
    }
    let cause: String
    switch replica.check.result {
    case "-": cause = "no probe yet"
    case "refused": cause = "connect refused"
    case let status where Int(status) != nil: cause = "answered \(status)"
    case let other: cause = other
    }
    guard let next = replica.check.nextInMilliseconds else { return cause }
    return "\(cause); next probe in \(Readable.duration(seconds: max(0, next) / 1000))"
  }
}
