// All that lbd says of itself and its pools at one moment: the answer to GET /pool, and by its
// listener and token what `lbctl test` needs.

/// One pool: its replicas in the order of the conf.
package struct PoolStatus: Sendable, Equatable, Decodable, JSONWritable {
  package var name: String
  package var algorithm: String
  package var replicas: [ReplicaReport]

  package init(name: String, algorithm: String, replicas: [ReplicaReport]) {
    self.name = name
    self.algorithm = algorithm
    self.replicas = replicas
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("name", name)
      $0.field("algorithm", algorithm)
      $0.field("replicas", replicas)
    }
  }
}

/// The answer to `GET /pool`.
package struct PoolReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  package var version: String
  package var pid: Int
  /// Where clients connect to, such as `127.0.0.1:8080`.
  package var listener: String
  /// The URL of the page with the API, or nil when lbd serves none.
  package var docs: String?
  /// What a request shows in `TestField.token` to learn in `TestField.replica` who answered.
  package var testToken: String
  package var uptimeSeconds: Double
  package var pools: [PoolStatus]
  /// The path that probes ask for; nil where they ask for none.
  package var healthPath: String?

  package init(
    version: String, pid: Int, listener: String, docs: String?, testToken: String,
    uptimeSeconds: Double, pools: [PoolStatus], healthPath: String? = nil
  ) {
    self.version = version
    self.pid = pid
    self.listener = listener
    self.docs = docs
    self.testToken = testToken
    self.uptimeSeconds = uptimeSeconds
    self.pools = pools
    self.healthPath = healthPath
  }

  private enum CodingKeys: String, CodingKey {
    case schema, version, pid, listener, docs, pools
    case healthPath = "health_path"
    case testToken = "test_token"
    case uptimeSeconds = "uptime_seconds"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("version", version)
      $0.field("pid", pid)
      $0.field("listener", listener)
      $0.field("docs", optional: docs)
      $0.field("test_token", testToken)
      $0.field("uptime_seconds", uptimeSeconds)
      if let healthPath { $0.field("health_path", healthPath) }
      $0.field("pools", pools)
    }
  }
}
