// What a step of a test says when the world is not as it must be for the test to go on.

import LinuxIO

/// A test could not go on; says what was awaited and what was there.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Asks again and again until the answer is there; throws with `what` after `seconds`. Every wait of
/// these tests is one for something that can be observed.
func eventually<Value>(
  _ what: @autoclosure () -> String, within seconds: Double = 60, _ ask: () throws -> Value?
) throws -> Value {
  let deadline = Clock.now() + UInt64(seconds * 1e9)
  while true {
    if let value = try ask() { return value }
    guard Clock.now() < deadline else { throw Failure("not within \(seconds) s: \(what())") }
    Clock.sleep(milliseconds: 5)
  }
}

/// The same for a condition.
func eventually(
  _ what: @autoclosure () -> String, within seconds: Double = 60, _ holds: () throws -> Bool
) throws {
  _ = try eventually(what(), within: seconds) { try holds() ? true : nil }
}
