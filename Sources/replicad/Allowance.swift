// How long a peer may hold a thread with a message that is under way.

import LinuxIO

/// The time that is left for the next bytes of one message: a minute, which each byte prolongs a little,
/// but never to more than a minute from now. Whoever stalls is given up after that minute, and so is,
/// sooner or later, who sends or takes fewer than 500 bytes a second.
struct Allowance {
  /// The longest silence, in nanoseconds.
  static var longest: UInt64 { 60_000_000_000 }
  /// What one byte is worth, in nanoseconds.
  private static var worth: UInt64 { 2_000_000 }

  private var deadline: UInt64

  init(now: UInt64 = Clock.now()) {
    deadline = now + Allowance.longest
  }

  /// Takes note of bytes that came or went.
  mutating func earn(_ bytes: Int, now: UInt64 = Clock.now()) {
    // More bytes than are worth a minute need not be counted.
    let counted = min(UInt64(max(0, bytes)), Allowance.longest / Allowance.worth)
    deadline = min(deadline + counted * Allowance.worth, now + Allowance.longest)
  }

  /// What is left, in milliseconds, at least 1; 0 when it is used up.
  func milliseconds(now: UInt64 = Clock.now()) -> Int {
    now < deadline ? Int((deadline - now) / 1_000_000) + 1 : 0
  }
}
