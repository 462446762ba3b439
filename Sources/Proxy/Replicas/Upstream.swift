// A connection to a replica as its worker keeps it: under way, serving an exchange, or idle in the
// pool for the next one.

import LinuxIO

/// A connection to a replica.
struct Upstream: ~Copyable {
  private let anchor = Anchor()
  var leg: Leg
  /// The replica's slot.
  let replica: Int
  /// The number of the replica's pool.
  let pool: Int
  /// The replica's `Worker.generations` when the connection was opened.
  let generation: UInt32
  /// The connection's exchange, or `absent` while idle.
  var exchange = SlabSlot<Exchange>.absent
  /// The connection is established.
  var isConnected: Bool
  /// The connection has served an exchange before.
  var isReused = false
  /// The time since which the connection is idle, or at which it was opened; and the time by which it
  /// must be used again.
  var idleSince: UInt64 = 0
  var usableUntil: UInt64 = 0
  /// The time before which the connection serves no exchange.
  var usableFrom: UInt64 = 0
  /// The time for which the replica said that it keeps the connection, in seconds; negative for unsaid.
  var keepAlive: Int32 = -1
  /// The time by which the response has to begin.
  var answerBy: UInt64 = 0
  /// More connections to the replica are idle than may be.
  var isSurplus = false
  /// Bytes may follow the last response, which had no body but stated a length.
  var isDoubtful = false
  /// Neighbours in the list of idle connections to the replica.
  var newer = SlabSlot<Upstream>.absent
  var older = SlabSlot<Upstream>.absent

  init(
    leg: consuming Leg, replica: Int, pool: Int, generation: UInt32, isConnected: Bool
  ) {
    self.leg = leg
    self.replica = replica
    self.pool = pool
    self.generation = generation
    self.isConnected = isConnected
  }
}
