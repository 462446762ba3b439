// A number that several threads count up and one watches.

import LinuxIO
import Synchronization
import TestSupport

final class Counter: Sendable {
  private let number = Atomic(0)

  var value: Int { number.load(ordering: .acquiring) }

  func add(_ count: Int = 1) {
    number.add(count, ordering: .acquiringAndReleasing)
  }

  /// Waits until it has begun and then stood still for 300 ms.
  func awaitStandstill() throws {
    var last = -1
    try eventually("a standstill") {
      let now = value
      defer { last = now }
      guard now > 0 && now == last else {
        Clock.sleep(milliseconds: 300)
        return false
      }
      return true
    }
  }
}
