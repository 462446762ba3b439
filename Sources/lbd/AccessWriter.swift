// The thread that writes the access log: it takes the lines of all workers out of their rings, many at
// once, and sleeps while there are none. However slow its file is, nobody else waits for it.

import LinuxIO
import Proxy
import Synchronization

/// The access log's thread and what it is told. Every call comes from the control thread.
final class AccessWriter: Sendable {
  /// What the control thread wants of it; taken between two writes.
  private struct Orders: ~Copyable {
    /// Where lines go from now on, if that changes; nowhere, if it holds nothing.
    var file: Descriptor?
    var changesFile = false
    var ends = false
  }

  private let rings: [LogRing]
  private let bell: LogBell
  private let evidence: Mailbox<Evidence>
  private let orders = Mutex(Orders())
  private let ended: WakeUp

  init(rings: [LogRing], bell: LogBell, evidence: Mailbox<Evidence>) throws(SystemError) {
    self.rings = rings
    self.bell = bell
    self.evidence = evidence
    ended = try WakeUp()
  }

  func start() throws(SystemError) {
    try Thread.start("lbd-log") { [self] in run() }.detach()
  }

  /// Lines go there from now on; nowhere if it is nil.
  func use(_ file: consuming Descriptor?) {
    var next = file
    orders.withLock {
      $0.file = next.take()
      $0.changesFile = true
    }
    bell.wakeUp.ring()
  }

  /// Has it write what is left and end. True when it did so in this time.
  func end(within milliseconds: Int) -> Bool {
    orders.withLock { $0.ends = true }
    bell.wakeUp.ring()
    return ended.descriptor.wait(until: .readable, milliseconds: milliseconds) == .ready
  }

  // MARK: Its own thread

  /// What a look at all rings came to.
  private enum Round {
    /// There was nothing.
    case idle
    case moved
    case blocked
    case failed(Int32)
  }

  /// From one look at the rings to the next while lines come, in milliseconds.
  private static let pause = 100

  private func run() {
    var file: Descriptor?
    var failure: Int32?
    var idleRounds = 0
    // The ring that a round begins with.
    var turn = 0
    while true {
      bell.wakeUp.clear()
      let ends = takeOrders(&file, &turn)
      let round = writeAll(file, &turn)
      report(round, &failure)
      idleRounds = if case .idle = round { idleRounds + 1 } else { 0 }
      if ends, isOver(round) { return ended.ring() }
      wait(round, idleRounds, file)
    }
  }

  private func isOver(_ round: Round) -> Bool {
    switch round {
    case .idle, .failed: true
    case .moved, .blocked: false
    }
  }

  /// Gives whether it is to end.
  private func takeOrders(_ file: inout Descriptor?, _ turn: inout Int) -> Bool {
    var (isChange, ends) = (false, false)
    var next: Descriptor?
    orders.withLock {
      (isChange, ends) = ($0.changesFile, $0.ends)
      $0.changesFile = false
      next = $0.file.take()
    }
    if isChange {
      // What a file has the beginning of ends there, or nowhere.
      _ = writeAll(file, &turn)
      for ring in rings { ring.discardTornLine() }
      file = next.take()
    }
    return ends
  }

  private func writeAll(_ file: borrowing Descriptor?, _ turn: inout Int) -> Round {
    switch file {
    case .some(let file): return writeAll(to: file, &turn)
    case .none:
      let isIdle = rings.allSatisfy { $0.pending == 0 }
      for ring in rings { ring.discard() }
      return isIdle ? .idle : .moved
    }
  }

  private func writeAll(to file: borrowing Descriptor, _ turn: inout Int) -> Round {
    var round = Round.idle
    // A line that was begun is ended before another ring's. Who was served last is served last now, so
    // that a file that takes little takes it from all.
    for ring in rings where ring.isTorn {
      switch write(ring, to: file, onlyTornLine: true) {
      case .idle, .moved: round = .moved
      case .blocked: return .blocked
      case .failed(let code): return .failed(code)
      }
    }
    let first = turn
    for offset in rings.indices {
      let index = (first + offset) % rings.count
      switch write(rings[index], to: file) {
      case .idle: break
      case .moved: round = .moved
      case .blocked:
        turn = index + 1
        return .blocked
      case .failed(let code): return .failed(code)
      }
    }
    return round
  }

  /// Empties a ring. A second call takes what came during the first, so that the ring begins anew.
  private func write(
    _ ring: LogRing, to file: borrowing Descriptor, onlyTornLine: Bool = false
  ) -> Round {
    var round = Round.idle
    var calls = 0
    while onlyTornLine ? ring.isTorn : calls < 3 || ring.isTorn {
      calls += 1
      switch ring.drain(to: file, onlyTornLine: onlyTornLine) {
      case .moved: round = .moved
      case .ended: return round
      case .wouldBlock: return .blocked
      case .failed(let code): return .failed(code)
      }
    }
    return round
  }

  /// Tells the control thread when writing begins to fail, and when it works again.
  private func report(_ round: Round, _ failure: inout Int32?) {
    switch round {
    case .idle, .blocked: return
    case .moved where failure == nil: return
    case .failed(let code) where failure == code: return
    case .moved: failure = nil
    case .failed(let code): failure = code
    }
    // Bounded by the pauses between two rounds.
    evidence.post(.accessLog(failure: failure))
  }

  private func wait(_ round: Round, _ idleRounds: Int, _ file: borrowing Descriptor?) {
    switch round {
    case .moved: rest(AccessWriter.pause)
    case .idle:
      // Once the bell is armed it looks again before it sleeps: see `LogBell.arm`.
      if idleRounds == 1 { bell.arm() }
      rest(idleRounds == 1 ? AccessWriter.pause : -1)
    case .blocked:
      switch file {
      case .some(let file):
        _ = file.wait(until: .writable, or: bell.wakeUp, milliseconds: 1000)
      case .none: break
      }
    case .failed: rest(1000)
    }
  }

  private func rest(_ milliseconds: Int) {
    _ = bell.wakeUp.descriptor.wait(until: .readable, milliseconds: milliseconds)
  }
}
