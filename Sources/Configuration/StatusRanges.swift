/// A set of HTTP statuses, written `200-399, 404`.
///
/// Kept as the ranges that were written; `contains` walks them, once per probe.
package struct StatusRanges: Sendable, Equatable, CustomStringConvertible {
  /// Each within 100...599, in the order written, at least one.
  package let ranges: [ClosedRange<Int>]

  package init(_ ranges: [ClosedRange<Int>]) {
    self.ranges = ranges
  }

  package func contains(_ status: Int) -> Bool {
    ranges.contains { $0.contains(status) }
  }

  package var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ", ")
  }
}
