// What tells a worker whom an event is for.

/// What an event names. A record's token comes from its slab, whose generation
/// is never 0, so that the two fixed ones cannot be taken for a record; bit 31 tells the slab.
enum Token {
  static var listener: UInt64 { 0 }
  static var orders: UInt64 { 1 }
  private static var upstreamBit: UInt64 { 1 << 31 }

  static func upstream(_ record: UInt64) -> UInt64 { record | upstreamBit }
  static func isUpstream(_ token: UInt64) -> Bool { token & upstreamBit != 0 }
  static func record(_ token: UInt64) -> UInt64 { token & ~upstreamBit }
}
