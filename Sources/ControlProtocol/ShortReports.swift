// The answers that fit on a line: what an order came to or why it was refused, the version, and
// how the pools are in three numbers.

/// What an order did, or why a request was refused: `{"schema":1,"detail":"…"}`, and what of it may
/// be unwanted as `"warning":"…"`.
package struct DetailReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  package var detail: String
  package var warning: String?

  package init(_ detail: String, warning: String? = nil) {
    self.detail = detail
    self.warning = warning
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("detail", detail)
      if let warning { $0.field("warning", warning) }
    }
  }
}

/// The answer to `GET /version`.
package struct VersionReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  package var version: String

  package init(version: String) {
    self.version = version
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("version", version)
    }
  }
}

/// The answer to `GET /health`: how many of the replicas that should serve do.
package struct HealthReport: Sendable, Equatable, Decodable, JSONWritable {
  /// What the two numbers come to: `noneUp` too where no replica is expected.
  package enum Verdict: Sendable {
    case allUp, someDown, noneUp
  }

  package var schema = 1
  /// Replicas that are given requests.
  package var up: Int
  /// Those of them whose probes time out; nil where there is none.
  package var slow: Int?
  /// Replicas that nobody ordered out.
  package var expected: Int
  /// The same for people, with the names of those that are not up.
  package var detail: String

  /// - Parameter note: what else there is to say for people.
  package init(_ pools: [PoolStatus], note: String? = nil) {
    let replicas = pools.flatMap(\.replicas)
    let absent = replicas.filter { !$0.state.isServing && !$0.state.isOrderedOut }
    up = replicas.count { $0.state.isServing }
    expected = up + absent.count
    let slow = replicas.filter { $0.state == .slow }
    self.slow = slow.isEmpty ? nil : slow.count
    let names = (slow + absent).map { "\($0.name) \($0.state.rawValue)" }.joined(separator: ", ")
    detail = "\(up) of \(expected) replicas up" + (names.isEmpty ? "" : " (\(names))")
    if let note { detail += "; \(note)" }
  }

  package var verdict: Verdict {
    up <= 0 ? .noneUp : up < expected || slow ?? 0 > 0 ? .someDown : .allUp
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("up", up)
      if let slow { $0.field("slow", slow) }
      $0.field("expected", expected)
      $0.field("detail", detail)
    }
  }
}
