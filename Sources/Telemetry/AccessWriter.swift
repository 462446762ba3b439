// The thread that writes the access log: it takes the lines of all workers out of their rings, many at
// once, and sleeps while there are none. However slow its file is, nobody else waits for it.
//
// A line that a file has only the first part of, since its disk is full, is taken out of that file again.
// Where that cannot be, as in a pipe, its rest goes there and nowhere else, before anything is given up.

import Ledger
import LinuxIO
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

  /// What of a line has still to go to a file that lines go to no more.
  private struct Rest: ~Copyable {
    let file: Descriptor
    var bytes: [UInt8]
  }

  /// What the control thread sees of it at its end.
  private enum Cell {
    /// 1 while it is in the file's hands: in a write, or waiting until one can be made.
    static var isAtFile: Int { 0 }
    /// Grows with each write that moves something.
    static var progress: Int { 1 }
    static var count: Int { 2 }
  }

  private let rings: [LogRing]
  private let bell: LogBell
  private let reports: Mailbox<WorkerReport>
  private let orders = Mutex(Orders())
  private let cells = SharedCells(count: Cell.count)
  private let ended: WakeUp

  init(rings: [LogRing], bell: LogBell, reports: Mailbox<WorkerReport>) throws(SystemError) {
    self.rings = rings
    self.bell = bell
    self.reports = reports
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

  /// How long the end waits for a thread that is given no processor, in milliseconds.
  private static let longestEnd = 20_000
  private static let step = 50

  /// Has it write what is left and end. True when it did so.
  /// - Parameter milliseconds: how long the file may take nothing. Only that counts: on a machine that
  ///   has no time for this thread, or when lbd itself stood still, the file is not to blame.
  func end(within milliseconds: Int) -> Bool {
    orders.withLock { $0.ends = true }
    bell.wakeUp.ring()
    var (waited, stalled, progress) = (0, 0, cells.load(Cell.progress))
    while waited < AccessWriter.longestEnd && stalled < milliseconds {
      let outcome = ended.descriptor.wait(until: .readable, milliseconds: AccessWriter.step)
      if outcome == .ready { return true }
      waited += AccessWriter.step
      let next = cells.load(Cell.progress)
      if next != progress { stalled = 0 }
      if next == progress && cells.load(Cell.isAtFile) == 1 { stalled += AccessWriter.step }
      progress = next
    }
    return false
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
    var rest: Rest?
    var failure: Int32?
    var idleRounds = 0
    // The ring that a round begins with.
    var turn = 0
    while true {
      bell.wakeUp.clear()
      let ends = takeOrders(&file, &rest, &turn)
      let hasRest = writeRest(&rest)
      let round = writeAll(file, &turn)
      report(round, &failure)
      idleRounds = if case .idle = round { idleRounds + 1 } else { 0 }
      if ends {
        if isOver(round) {
          giveUpRest(&rest)
          return ended.ring()
        }
        if case .moved = round { continue }
      }
      wait(round, hasRest ? 0 : idleRounds, file)
    }
  }

  private func isOver(_ round: Round) -> Bool {
    switch round {
    case .idle, .failed: true
    case .moved, .blocked: false
    }
  }

  /// Gives whether it is to end.
  private func takeOrders(
    _ file: inout Descriptor?, _ rest: inout Rest?, _ turn: inout Int
  ) -> Bool {
    var (isChange, ends) = (false, false)
    var next: Descriptor?
    orders.withLock {
      (isChange, ends) = ($0.changesFile, $0.ends)
      $0.changesFile = false
      next = $0.file.take()
    }
    if isChange {
      leave(file.take(), &rest, &turn)
      file = next.take()
    }
    return ends
  }

  /// Lines go elsewhere from now on.
  private func leave(_ file: consuming Descriptor?, _ rest: inout Rest?, _ turn: inout Int) {
    guard let file = file.take() else { return }
    // What a file has the beginning of ends there.
    _ = writeAll(to: file, &turn)
    // No two are torn at once: a line that was begun is ended before another is.
    guard let ring = rings.first(where: { $0.isTorn }) else { return }
    giveUpRest(&rest)
    rest = Rest(file: file, bytes: ring.takeTornRest())
  }

  /// Goes on with the rest of a line in a file of before. Whether there is still some.
  private func writeRest(_ rest: inout Rest?) -> Bool {
    guard var left = rest.take() else { return false }
    while !left.bytes.isEmpty {
      guard case .moved(let count) = Files.appendSome(left.bytes, to: left.file) else {
        rest = consume left
        return true
      }
      left.bytes.removeFirst(count)
    }
    return false
  }

  /// That line is lost, and counted.
  private func giveUpRest(_ rest: inout Rest?) {
    guard writeRest(&rest) else { return }
    rest = nil
    rings[0].countDiscarded()
  }

  private func writeAll(_ file: borrowing Descriptor?, _ turn: inout Int) -> Round {
    switch file {
    case .some(let file): return writeAll(to: file, &turn)
    case .none:
      let isIdle = rings.allSatisfy { $0.pending == 0 }
      // A line that is recorded once a file was named is that file's, whenever this thread hears of it.
      orders.withLock { if !$0.changesFile { for ring in rings { ring.discard() } } }
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
      cells.store(Cell.isAtFile, 1)
      let outcome = ring.drain(to: file, onlyTornLine: onlyTornLine)
      cells.store(Cell.isAtFile, 0)
      switch outcome {
      case .moved:
        cells.bump(Cell.progress)
        round = .moved
      case .ended: return round
      case .wouldBlock: return .blocked
      case .failed(let code):
        // The line is whole in the ring again, and nowhere else.
        _ = ring.takeBackTornLine(from: file)
        return .failed(code)
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
    reports.post(.accessLog(failure: failure))
  }

  private func wait(_ round: Round, _ idleRounds: Int, _ file: borrowing Descriptor?) {
    switch round {
    case .moved: rest(AccessWriter.pause)
    case .idle:
      // Once the bell is armed it looks again before it sleeps: see `LogBell.arm`.
      if idleRounds == 1 { bell.arm() }
      rest(idleRounds <= 1 ? AccessWriter.pause : -1)
    case .blocked:
      switch file {
      case .some(let file):
        cells.store(Cell.isAtFile, 1)
        _ = file.wait(until: .writable, or: bell.wakeUp, milliseconds: 1000)
        cells.store(Cell.isAtFile, 0)
      case .none: break
      }
    case .failed: rest(1000)
    }
  }

  private func rest(_ milliseconds: Int) {
    _ = bell.wakeUp.descriptor.wait(until: .readable, milliseconds: milliseconds)
  }
}
