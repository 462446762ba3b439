// Numbers for X-Request-Id: 128 bits that no other request has, from a seed of the kernel's.

import LinuxIO

/// A generator of request ids. One worker owns it. They are unique, not secret.
struct RequestIDs {
  private var state: UInt64
  private let prefix: UInt64

  init() {
    var random = SystemRandomNumberGenerator()
    state = random.next()
    prefix = random.next()
  }

  /// The next id: the worker's own random half and a mixed counter (splitmix64).
  mutating func next() -> (UInt64, UInt64) {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return (prefix, mixed ^ mixed >> 31)
  }
}
