// What a worker needs to record its exchanges. A line begins when the request's head is at hand, whose
// bytes are soon gone, and waits in a row of its exchange's own until that ends; then it goes into the
// ring that the access log's thread empties. docs/access-log.md says what the fields mean.

import HTTPWire
import Ledger
import LinuxIO
import Plan

/// The access log as one worker has it.
struct AccessRecorder: ~Copyable {
  /// How long texts of clients may get, in bytes of the line. With the rest of a line they fit its row.
  enum Limit {
    static var method: Int { 32 }
    static var target: Int { 2048 }
    static var host: Int { 256 }
    static var userAgent: Int { 512 }
    static var requestID: Int { 128 }
    static var replica: Int { 128 }
    static var cause: Int { 160 }
  }

  /// Bytes of an exchange's row.
  private static var row: Int { 61 * 64 }

  private let ring: LogRing
  var lines: LineTable
  private var time = AccessTime()
  /// What a line says of each replica, by slot; those that have left the pool keep theirs for what is
  /// in flight.
  private var replicas = LineTable(rows: Numbering.slots, stride: 192)

  init(ring: LogRing, exchanges: Int) {
    self.ring = ring
    lines = LineTable(rows: exchanges, stride: AccessRecorder.row)
  }

  mutating func adopt(_ settings: Settings, _ members: [Replica]) {
    guard settings.recordsAccess else { return }
    for replica in members {
      replicas.begin(UInt32(replica.slot))
      replicas.append(#","replica":""#)
      _ = replicas.append(json: Array(replica.name.utf8).span, atMost: Limit.replica)
      replicas.append("\"")
      replicas.keep()
    }
  }

  /// Opens an exchange's line.
  mutating func begin(_ exchange: SlabSlot<Exchange>, now: UInt64) {
    lines.begin(exchange.number)
    lines.append(#"{"time":""#)
    time.write(now, to: &lines)
    lines.append(#"","client":""#)
  }

  /// Goes on with an exchange's line.
  @inline(__always)
  mutating func resume(_ exchange: SlabSlot<Exchange>) { lines.resume(exchange.number) }

  /// Goes on with an exchange's line, and writes what became of it.
  mutating func end(_ exchange: SlabSlot<Exchange>, _ outcome: AccessOutcome) {
    resume(exchange)
    if outcome.status > 0 {
      lines.append(#","status":"#)
      lines.append(outcome.status, digits: 3)
    }
    lines.append(#","bytes_sent":"#)
    lines.append(decimal: outcome.bytesSent)
    lines.append(#","duration_ms":"#)
    lines.append(decimal: outcome.microseconds / 1000)
    lines.append(".")
    lines.append(outcome.microseconds % 1000, digits: 3)
    if outcome.replica >= 0 { lines.append(UInt32(outcome.replica), of: replicas) }
    lines.append(#","attempts":"#)
    lines.append(decimal: outcome.attempts)
    if outcome.isAborted { lines.append(#","aborted":true"#) }
    lines.append("}\n")
    ring.write(lines.bytes)
  }
}

/// What became of an exchange.
struct AccessOutcome {
  /// Of the answer that the client was sent some of; 0 for none.
  var status = 0
  var bytesSent = 0
  var microseconds = 0
  /// The slot of the one that was asked last; negative for none.
  var replica = -1
  var attempts = 0
  var isAborted = false
}
