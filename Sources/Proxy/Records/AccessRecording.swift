// Where a worker's exchanges meet the access log: what each part of the worker calls, in one line, at
// the moment that something is known. Nothing here does anything while the log is off.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// The request's head was parsed and lies in the client's buffer.
  @inline(__always)
  mutating func noteRequest(_ exchange: SlabSlot<Exchange>) {
    if settings.recordsAccess { beginLine(exchange, isParsed: true) }
  }

  /// What lies in the client's buffer is refused before it is a request.
  @inline(__always)
  mutating func noteUnparsed(_ exchange: SlabSlot<Exchange>) {
    if settings.recordsAccess { beginLine(exchange, isParsed: false) }
  }

  private mutating func beginLine(_ exchange: SlabSlot<Exchange>, isParsed: Bool) {
    let client = exchanges[exchange].client
    exchanges[exchange].isRecorded = true
    access.begin(exchange, now: now)
    if isParsed {
      clients[client].describe(requestHead, to: &access.lines)
    } else {
      clients[client].describeUnparsed(to: &access.lines)
    }
    access.lines.keep()
  }

  /// The id was drawn; the request's head is still in the client's buffer.
  @inline(__always)
  mutating func noteID(_ exchange: SlabSlot<Exchange>, _ drawn: (UInt64, UInt64)) {
    guard exchanges[exchange].isRecorded else { return }
    access.resume(exchange)
    clients[exchanges[exchange].client].describeID(drawn, of: requestHead, to: &access.lines)
    access.lines.keep()
  }

  /// Why lbd answers itself, or cuts; the first cause of an exchange is the one that counts.
  mutating func noteCause(_ exchange: SlabSlot<Exchange>, _ cause: String) {
    guard beginCause(exchange) else { return }
    _ = access.lines.append(json: Array(cause.utf8).span, atMost: AccessRecorder.Limit.cause)
    endCause()
  }

  /// The same for an answer of lbd's own, whose detail is the cause where there is no other.
  mutating func noteDetail(_ exchange: SlabSlot<Exchange>, _ status: Int, _ detail: StaticString) {
    guard status >= 400 && beginCause(exchange) else { return }
    access.lines.append(detail)
    endCause()
  }

  private mutating func beginCause(_ exchange: SlabSlot<Exchange>) -> Bool {
    guard exchanges[exchange].isRecorded && !exchanges[exchange].hasCause else { return false }
    exchanges[exchange].hasCause = true
    access.resume(exchange)
    access.lines.append(#","cause":""#)
    return true
  }

  private mutating func endCause() {
    access.lines.append("\"")
    access.lines.keep()
  }

  /// The exchange is over.
  @inline(__always)
  mutating func record(_ exchange: SlabSlot<Exchange>, isAborted: Bool) {
    if exchanges[exchange].isRecorded && settings.recordsAccess { endLine(exchange, isAborted) }
  }

  private mutating func endLine(_ exchange: SlabSlot<Exchange>, _ isAborted: Bool) {
    var outcome = AccessOutcome()
    outcome.bytesSent = exchanges[exchange].response.bytesSent
    if outcome.bytesSent > 0 { outcome.status = exchanges[exchange].response.status }
    outcome.microseconds = Int((now - exchanges[exchange].startedAt) / 1000)
    outcome.isAborted = isAborted
    if exchanges[exchange].attempts.count > 0 && exchanges[exchange].pool != Numbering.controlPool {
      outcome.replica = exchanges[exchange].attempts.replica
      outcome.attempts = exchanges[exchange].attempts.count
    }
    access.end(exchange, outcome)
  }

  /// Once a second: what many exchanges at once have touched goes back to the kernel.
  mutating func trimLines() {
    if access.lines.hasSpare && exchanges.count == 0 { access.lines.trim() }
  }
}
