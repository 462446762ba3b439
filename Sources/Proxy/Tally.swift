// What one worker counted for each replica. Only the worker writes; the control thread reads now
// and then and adds the workers up. A count is a plain load and store.

import LinuxIO

/// One worker's counters by replica slot.
package final class Tally: Sendable {
  /// What is counted; each is a cell of the replica's row.
  package enum Counter: Int, Sendable {
    /// Exchanges in flight.
    case active
    /// Responses passed on, and what they were.
    case responses, status5xx
    /// Failed attempts that another replica took over.
    case retries
  }

  /// Cells of the histogram of response times.
  package static var buckets: Int { 112 }
  private static var histogram: Int { 16 }
  private static var row: Int { histogram + buckets }

  private let cells = SharedCells(count: row * (SharedPool.capacity + 1))

  package init() {}

  /// The worker's own call.
  @inline(__always)
  package func count(_ counter: Counter, _ slot: Int, by amount: Int = 1) {
    cells.bump(slot * Tally.row + counter.rawValue, by: amount)
  }

  /// The worker's own call: a response took this long.
  @inline(__always)
  package func record(_ slot: Int, nanoseconds: UInt64) {
    cells.bump(slot * Tally.row + Tally.histogram + Tally.bucket(nanoseconds / 1000))
  }

  /// Any thread.
  package func value(_ counter: Counter, _ slot: Int) -> Int {
    cells.peek(slot * Tally.row + counter.rawValue)
  }

  /// Any thread: how many responses fell into a bucket.
  package func responses(_ slot: Int, bucket: Int) -> Int {
    cells.peek(slot * Tally.row + Tally.histogram + bucket)
  }

  /// Four buckets for each doubling: a response time is known to a fifth of itself.
  static func bucket(_ microseconds: UInt64) -> Int {
    guard microseconds >= 4 else { return Int(microseconds) }
    let exponent = 63 - microseconds.leadingZeroBitCount
    let quarter = Int(microseconds >> UInt64(exponent - 2)) & 3
    return min(exponent * 4 - 4 + quarter, buckets - 1)
  }

  /// The middle of a bucket, in microseconds.
  package static func microseconds(bucket: Int) -> Double {
    guard bucket >= 4 else { return Double(bucket) + 0.5 }
    let exponent = bucket / 4 + 1
    let quarter = Double(bucket % 4)
    return Double(1 << (exponent - 2)) * (4.5 + quarter)
  }
}
