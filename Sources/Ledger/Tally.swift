// One worker's counts for each replica. Only the worker writes. The control thread reads now and then,
// and adds the workers' counts up. Counting is a plain load and store.

package import Balancing
import LinuxIO
import Plan

/// One worker's counters by replica slot.
package final class Tally: Sendable {
  /// The counters; each is a cell of the replica's row.
  package enum Counter: Int, CaseIterable, Sendable {
    /// Attempts that began and that ended; those between are in flight.
    case attempts, ended
    /// Responses passed on, by their status' first digit.
    case status1xx, status2xx, status3xx, status4xx, status5xx
    /// Failed attempts that another replica took over, by whether any of the request was sent.
    case retriesUnsent, retriesSent
    /// Failed attempts by their class, in the order of `FailureClass`, whatever became of the request.
    case failedConnect, failedStale, failedReset, failedTimeout, failedStatus, failedProtocol

    /// The counter of failed attempts of a class.
    package init(_ failure: FailureClass) {
      self =
        switch failure {
        case .connect: .failedConnect
        case .stale: .failedStale
        case .reset: .failedReset
        case .timeout: .failedTimeout
        case .status: .failedStatus
        case .protocol: .failedProtocol
        }
    }

    /// The counters of responses, from 1xx to 5xx.
    package static let classes = [status1xx, status2xx, status3xx, status4xx, status5xx]
  }

  /// The row of the answers that lbd gives itself.
  package static var ownSlot: Int { Numbering.slots }

  /// Cells of the histogram of response times.
  package static var buckets: Int { 112 }
  /// The histogram's first cell in a row: it begins on a cache line of its own.
  private static var histogram: Int { SharedCells.wholePairs(Counter.allCases.count) }
  private static var row: Int { histogram + buckets }

  private let cells = SharedCells(count: row * (Numbering.slots + 1))

  package init() {}

  @inline(__always)
  static func cell(_ counter: Counter, of slot: Int) -> Int {
    slot * row + counter.rawValue
  }

  @inline(__always)
  static func cell(bucket: Int, of slot: Int) -> Int {
    slot * row + histogram + bucket
  }

  /// The worker's own call.
  @inline(__always)
  package func count(_ counter: Counter, _ slot: Int, by amount: Int = 1) {
    cells.bump(Tally.cell(counter, of: slot), by: amount)
  }

  /// The worker's own call: a response had this status.
  @inline(__always)
  package func count(status: Int, at slot: Int) {
    cells.bump(Tally.cell(.status1xx, of: slot) - 1 + min(max(status / 100, 1), 5))
  }

  /// The worker's own call: a response took this long.
  @inline(__always)
  package func record(_ slot: Int, nanoseconds: UInt64) {
    cells.bump(Tally.cell(bucket: Tally.bucket(nanoseconds / 1000), of: slot))
  }

  /// Any thread.
  package func value(_ counter: Counter, _ slot: Int) -> Int {
    cells.peek(Tally.cell(counter, of: slot))
  }

  /// Any thread: attempts in flight. The ended ones are read first, so that the result is never negative.
  package func active(_ slot: Int) -> Int {
    let ended = value(.ended, slot)
    return value(.attempts, slot) - ended
  }

  /// Any thread: responses of every status.
  package func responses(_ slot: Int) -> Int {
    Counter.classes.reduce(0) { $0 + value($1, slot) }
  }

  /// Any thread: how many responses fell into a bucket.
  package func responses(_ slot: Int, bucket: Int) -> Int {
    cells.peek(Tally.cell(bucket: bucket, of: slot))
  }

  /// The bucket of a response time. Each doubling has four buckets, so that a time is known to a fifth of
  /// itself.
  package static func bucket(_ microseconds: UInt64) -> Int {
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

extension [Tally] {
  /// Over all workers.
  package func sum(_ count: (Tally) -> Int) -> Int { reduce(0) { $0 + count($1) } }

  /// Responses of every status.
  package func responses(_ slot: Int) -> Int { sum { $0.responses(slot) } }

  /// Attempts in flight; never less than none, whatever workers count meanwhile.
  package func active(_ slot: Int) -> Int { Swift.max(0, sum { $0.active(slot) }) }
}
