// How a thread that serves one connection alone waits for it. lbd's own threads never do this: they
// wait in a Poller for all of theirs at once.

import Glibc

/// What a wait for one descriptor came to.
package enum WaitOutcome: Sendable {
  /// What was awaited is there, or an end or an error is, which the next transfer tells.
  case ready
  /// The bell rang, and what was awaited is not there.
  case rung
  case timedOut
}

extension Descriptor {
  /// What to wait for.
  package enum Awaited: Sendable {
    case readable
    case writable
    /// That the peer has ended its direction, whatever is unread, or that the connection is over.
    case ended
    /// Only that the connection is over in both directions.
    case over

    /// `POLLRDHUP`, which glibc shows to GNU sources only.
    private static var peerEnded: Int16 { 0x2000 }

    fileprivate var bits: Int16 {
      switch self {
      case .readable: Int16(POLLIN)
      case .writable: Int16(POLLOUT)
      case .ended: Awaited.peerEnded
      case .over: 0
      }
    }
  }

  /// Blocks until it is `awaited`, at most `milliseconds` (negative: without end).
  package func wait(until awaited: Awaited, milliseconds: Int) -> WaitOutcome {
    wait(awaited.bits, alarm: -1, milliseconds)
  }

  /// The same, but a bell that was rung and not cleared ends the wait too. Many threads may wait
  /// for one bell; it ends all their waits for as long as nobody clears it.
  package func wait(
    until awaited: Awaited, or bell: borrowing WakeUp, milliseconds: Int
  ) -> WaitOutcome {
    wait(awaited.bits, alarm: bell.descriptor.raw, milliseconds)
  }

  /// The same, but that nobody reads a stream any more ends the wait too, as `rung`: the reader of a
  /// pipe has ended, or the terminal is gone. For who writes only now and then and would never notice.
  package func wait(
    until awaited: Awaited, orUnread stream: Terminal.Stream, milliseconds: Int
  ) -> WaitOutcome {
    wait(awaited.bits, alarm: stream.rawValue, for: 0, milliseconds)
  }

  /// - Parameter alarmBits: what ends the wait at `alarm`, besides an end or an error.
  private func wait(
    _ bits: Int16, alarm: Int32, for alarmBits: Int16 = Int16(POLLIN), _ milliseconds: Int
  ) -> WaitOutcome {
    let deadline = Clock.now() &+ UInt64(max(0, milliseconds)) &* 1_000_000
    var left = milliseconds
    while true {
      var watched: [2 of pollfd] = [
        pollfd(fd: raw, events: bits, revents: 0),
        pollfd(fd: alarm, events: alarmBits, revents: 0),
      ]
      // Safe: the kernel writes into the two entries during the call only; it skips a negative one.
      var entries = watched.mutableSpan
      let count = unsafe entries.withUnsafeMutableBufferPointer { pointer in
        unsafe poll(pointer.baseAddress, 2, Int32(clamping: left))
      }
      if count > 0 { return watched[0].revents != 0 ? .ready : .rung }
      // Short of memory the kernel refuses; the caller's answer to a lapse fits that too.
      guard count < 0 && errno == EINTR else { return .timedOut }
      guard milliseconds >= 0 else { continue }
      let now = Clock.now()
      left = now < deadline ? Int((deadline - now) / 1_000_000) + 1 : 0
    }
  }
}
