// The threads of a trial: abusers that do one thing after the other at random, and the well-behaved.

import LinuxIO
import TestSupport

/// All clients of a trial. They end when it goes away.
final class Crowd {
  private let port: UInt16
  private let seed: UInt64
  private let ledger: Ledger
  private let end = Gate()
  private var threads: [LinuxIO.Thread] = []

  private static let abusers = 40
  private static let habits: [Neighbour.Habit] = [.steady, .steady, .steady, .steady, .newcomer]

  /// The most that all of them have at once.
  static let connections = abusers * Abuse.crowd + habits.count

  init(port: UInt16, seed: UInt64, ledger: Ledger) {
    (self.port, self.seed, self.ledger) = (port, seed, ledger)
  }

  deinit { stop() }

  func start() throws {
    let (port, seed, ledger, end) = (port, seed, ledger, end)
    for index in 0..<Self.abusers {
      threads.append(
        try LinuxIO.Thread.start("abuser") {
          Crowd.abuse(port, Seeded(seed &+ UInt64(index)), ledger, until: end)
        })
    }
    for (index, habit) in Self.habits.enumerated() {
      threads.append(
        try LinuxIO.Thread.start("neighbour") {
          let random = Seeded(seed &+ UInt64(1000 + index))
          var neighbour = Neighbour(port: port, habit: habit, ledger: ledger, random: random)
          neighbour.live(until: end)
        })
    }
  }

  /// Ends all of them, each after what it is at.
  func stop() {
    end.open()
    for thread in threads { thread.join() }
    threads = []
  }

  private static func abuse(
    _ port: UInt16, _ seeded: Seeded, _ ledger: Ledger, until end: Gate
  ) {
    var random = seeded
    while !end.isOpen {
      guard let abuse = Abuse.allCases.randomElement(using: &random) else { return }
      do {
        try abuse.commit(on: port, &random)
        ledger.count(abuse.rawValue)
      } catch {
        ledger.report("\(abuse): \(error)")
      }
      Clock.sleep(milliseconds: Int.random(in: 0...20, using: &random))
    }
  }
}
