// Keeps a record where it lies.

import Synchronization

/// A member that makes the record it stands in address-only: an atomic has an address and no value that
/// could be copied. Without one, Swift 6.3.1 copies a whole record, though it is `~Copyable`, for many
/// calls that only look at it. Never read.
package struct Anchor: ~Copyable {
  private let atomic = Atomic<UInt8>(0)

  @inline(__always)
  package init() {}
}
