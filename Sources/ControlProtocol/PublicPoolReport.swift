// What everyone may know of the pools: the answer to GET /docs/pool for a client that is not known to be
// on lbd's own machine.

/// The pools by the names and states of their replicas: no address, no process, no cause.
package struct PublicPoolReport: Sendable, Equatable, Decodable, JSONWritable {
  package struct Pool: Sendable, Equatable, Decodable, JSONWritable {
    package var name: String
    package var replicas: [Replica]

    package func write(to writer: inout JSONWriter) {
      writer.object {
        $0.field("name", name)
        $0.field("replicas", replicas)
      }
    }
  }

  package struct Replica: Sendable, Equatable, Decodable, JSONWritable {
    package var name: String
    package var state: ReplicaState

    package func write(to writer: inout JSONWriter) {
      writer.object {
        $0.field("name", name)
        $0.field("state", state.rawValue)
      }
    }
  }

  package var schema = 1
  package var pools: [Pool]

  /// A replica that is called by its address, as one that was added may be, is called by its place.
  package init(_ pools: [PoolStatus]) {
    self.pools = pools.map { pool in
      Pool(
        name: pool.name,
        replicas: pool.replicas.enumerated().map { index, replica in
          let isAddress = replica.name == replica.address
          return Replica(
            name: isAddress ? "replica \(index + 1)" : replica.name, state: replica.state)
        })
    }
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("pools", pools)
    }
  }
}
