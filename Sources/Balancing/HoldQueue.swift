// The requests that wait for a replica, oldest first. The queue holds tokens only: its reader passes over
// a token whose exchange has ended meanwhile.

/// Tokens in the order of their arrival. One worker owns the queue. A call costs amortised O(1), and
/// allocates only where more requests wait than ever before.
package struct HoldQueue: Sendable {
  private var tokens: [UInt64] = []
  private var first = 0

  package init() {}

  /// The oldest token; nil when there is none.
  package var oldest: UInt64? { first < tokens.count ? tokens[first] : nil }

  package mutating func append(_ token: UInt64) { tokens.append(token) }

  /// Removes the oldest token.
  package mutating func removeOldest() {
    guard first < tokens.count else { return }
    first += 1
    if first == tokens.count {
      tokens.removeAll(keepingCapacity: tokens.count <= 1024)
      first = 0
    } else if first >= 64 && first * 2 > tokens.count {
      tokens.removeFirst(first)
      first = 0
    }
  }
}
