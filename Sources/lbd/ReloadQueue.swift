// The reloads that were ordered: one conf is read at a time, each has a time in which it must have been
// read, and one that is not read by then is given up, so that the next order has its turn.

import ConfigurationIO

/// A reload that was ordered, or what one would come to.
struct ReloadOrder: Equatable {
  /// Who ordered it over the control socket; nil for HUP.
  let user: UInt32?
  /// The token of the connection that waits for what it comes to; nil for HUP.
  let connection: UInt64?
  /// Only shows what would change.
  let isRehearsal: Bool

  static let hangUp = ReloadOrder(user: nil, connection: nil, isRehearsal: false)
}

/// A pure machine; the control thread owns it.
struct ReloadQueue {
  /// How long a conf may take to be read, in nanoseconds: less than lbctl waits for an answer.
  static let patience: UInt64 = 5_000_000_000
  /// Threads that may hang in the reading of a conf that was given up.
  static let mostStuck = 4

  struct Reading {
    let order: ReloadOrder
    let number: Int
    let deadline: UInt64
    let notes: ConfReading
  }

  /// The one that is under way.
  private(set) var active: Reading?
  private var waiting: [ReloadOrder] = []
  private var last = 0
  /// Those that were given up and may still come.
  private var stuck: Set<Int> = []

  /// Whether another conf may be read: too many threads hang already.
  var isClogged: Bool { stuck.count >= ReloadQueue.mostStuck }

  /// When the one under way is late; never where there is none.
  var due: UInt64 { active?.deadline ?? .max }

  /// Callers over the control socket are bounded by its connections; HUP is one order, however often.
  mutating func add(_ order: ReloadOrder) {
    if order == .hangUp && waiting.contains(.hangUp) { return }
    waiting.append(order)
  }

  /// The orders that wait, which wait no longer.
  mutating func takeWaiting() -> [ReloadOrder] {
    defer { waiting = [] }
    return waiting
  }

  /// The next order, whose conf is to be read from now on; nil while one is under way.
  mutating func next(now: UInt64) -> Reading? {
    guard active == nil, !waiting.isEmpty else { return nil }
    last += 1
    let reading = Reading(
      order: waiting.removeFirst(), number: last, deadline: now + ReloadQueue.patience,
      notes: ConfReading())
    active = reading
    return reading
  }

  /// A conf was read, or could not begin to be. Its order; nil for one that was given up.
  mutating func ended(_ number: Int) -> ReloadOrder? {
    stuck.remove(number)
    guard let active, active.number == number else { return nil }
    self.active = nil
    return active.order
  }

  /// Gives up the one under way if it is late.
  mutating func expired(now: UInt64) -> Reading? {
    guard let active, now >= active.deadline else { return nil }
    self.active = nil
    stuck.insert(active.number)
    return active
  }
}
