// The numbers of pools and replicas, the same in every table that has a row for each.

package enum Numbering {
  /// Replicas that all pools together may have.
  package static var replicas: Int { 4096 }
  /// Slots of replicas: the control socket's, and after it those of the pools' replicas.
  package static var slots: Int { replicas + 1 }
  /// The slot of lbd's own control socket, which clients reach like any replica.
  package static var controlSlot: Int { 0 }
  /// Pools that there may be, the control socket's among them.
  package static var pools: Int { 257 }
  /// The pool whose one replica is the control socket.
  package static var controlPool: Int { 0 }
  /// The pool that the conf's replicas are in.
  package static var mainPool: Int { 1 }
}
