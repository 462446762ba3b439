// The tokens of events, which tell a worker the record that an event is for.

import LinuxIO

/// The record that an event names. A record's token comes from its slab, whose generation is never 0,
/// so that the two fixed ones cannot be taken for a record; bit 31 tells the slab.
enum Token {
  static var listener: UInt64 { 0 }
  static var orders: UInt64 { 1 }
  private static var upstreamBit: UInt64 { 1 << 31 }

  static func of(_ client: SlabToken<Client>) -> UInt64 { client.rawValue }
  static func of(_ upstream: SlabToken<Upstream>) -> UInt64 { upstream.rawValue | upstreamBit }

  static func isUpstream(_ token: UInt64) -> Bool { token & upstreamBit != 0 }

  /// The client that an event is for which is not `isUpstream`.
  static func client(_ token: UInt64) -> SlabToken<Client> { SlabToken(rawValue: token) }
  /// The connection to a replica that an event is for which `isUpstream`.
  static func upstream(_ token: UInt64) -> SlabToken<Upstream> {
    SlabToken(rawValue: token & ~upstreamBit)
  }
}
