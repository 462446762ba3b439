// What a step of a test says when the world is not as it must be for the test to go on, and waits until it
// is.

import LinuxIO

/// A test could not go on; says what was awaited and what was there.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// Asks again and again until the answer is there; throws with `what` after `seconds`. Every wait of a test
/// is one for something that can be observed.
package func eventually<Value>(
  _ what: @autoclosure () -> String, within seconds: Double = 60, _ ask: () throws -> Value?
) throws -> Value {
  let deadline = Clock.now() + UInt64(seconds * 1e9)
  while true {
    if let value = try ask() { return value }
    guard Clock.now() < deadline else { throw TestFailure("not within \(seconds) s: \(what())") }
    Clock.sleep(milliseconds: 5)
  }
}

/// The same for a condition.
package func eventually(
  _ what: @autoclosure () -> String, within seconds: Double = 60, _ holds: () throws -> Bool
) throws {
  _ = try eventually(what(), within: seconds) { try holds() ? true : nil }
}
