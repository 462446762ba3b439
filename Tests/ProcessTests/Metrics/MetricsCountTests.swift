// What the metrics count is what was sent, and what the text looks like is what Prometheus reads.

import ControlProtocol
import Foundation
import Testing

@Suite(.waiting) struct MetricsCountTests {
  /// Sends so many requests on one connection.
  private func send(_ stage: Stage, _ count: Int, _ target: String = "/getInfo") throws {
    let connection = try stage.connect()
    for _ in 0..<count { _ = try connection.get(target) }
  }

  @Test func `a scrape under traffic with a dead replica is as the format wants it`() throws {
    let (stage, port) = try Stage.withMetrics(replicas: 3)
    let load = try Load(port: stage.mainPort)
    try stage.killReplica(stage.ports[1])
    try load.awaitAnswers(200)
    try stage.awaitPool("it is out") { $0[1].state != .up }
    for _ in 0..<5 {
      let answer = try Connection(port: port).get("/metrics")
      #expect(answer.status == 200 && answer["connection"] == "close")
      #expect(answer["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      _ = try Exposition(answer.text)
      _ = try stage.metrics()
      try load.awaitAnswers(50)
    }
    _ = load.stop()
    let metrics = try stage.metrics()
    #expect(metrics.sum("lbd_replica_up") == 2 && metrics.sum("lbd_up") == 1)
    #expect(metrics.sum("lbd_replicas", ["state": "up"]) == 2)
    #expect(metrics.sum("lbd_replica_up", ["replica": stage.names[1]]) == 0)
  }

  @Test func `the counts are those of what was sent`() throws {
    let (stage, _) = try Stage.withMetrics(replicas: 3, health: Stage.noProbes)
    let dead = stage.names[1]
    try stage.killReplica(stage.ports[1])
    try send(stage, 30)
    try send(stage, 7, "/status/404")
    try send(stage, 5, "/status/503")
    let bad = try stage.connect()
    try bad.send("GET / HTTP/1.1\r\n\r\n")
    #expect(try bad.answer().status == 400)
    try stage.awaitMetrics("all is counted") {
      $0.sum("lbd_replica_responses_total") == 42 && $0.sum("lbd_own_responses_total") == 1
    }
    let metrics = try stage.metrics()
    for (code, count) in ["1xx": 0, "2xx": 30, "3xx": 0, "4xx": 7, "5xx": 5] {
      #expect(metrics.sum("lbd_replica_responses_total", ["code": code]) == count)
    }
    #expect(metrics.sum("lbd_own_responses_total", ["code": "4xx"]) == 1)
    #expect(metrics.sum("lbd_worker_requests_total") == 43)
    #expect(metrics.sum("lbd_response_seconds_count") == 42)
    #expect(metrics.sum("lbd_replica_attempts_total") == 43)
    #expect(metrics.sum("lbd_replica_attempts_total", ["replica": dead]) == 1)
    #expect(metrics.sum("lbd_replica_retries_total", ["replica": dead, "phase": "unsent"]) == 1)
    #expect(metrics.sum("lbd_replica_retries_total") == 1)
    #expect(metrics.sum("lbd_replica_failures_total", ["replica": dead, "class": "connect"]) == 1)
    #expect(metrics.sum("lbd_replica_failures_total") == 1)
    #expect(
      metrics.sum("lbd_replica_ejections_total", ["replica": dead, "reason": "refused"]) == 1)
    #expect(metrics.sum("lbd_replica_ejections_total") == 1)
    #expect(metrics.sum("lbd_replica_probes_total", ["result": "passed"]) == 3)
    #expect(metrics.sum("lbd_replica_requests_in_flight") == 0)
  }

  @Test func `probes are counted, and what they take out`() throws {
    let (stage, _) = try Stage.withMetrics(replicas: 1)
    try stage.killReplica(stage.ports[0])
    try stage.awaitMetrics("it failed three times and was taken out once") {
      $0.sum("lbd_replica_probes_total", ["result": "failed"]) ?? 0 >= 3
        && $0.sum("lbd_replica_ejections_total", ["reason": "probe"]) == 1
    }
    #expect(try stage.metrics().sum("lbd_replica_ejections_total") == 1)
    let duration = try stage.metrics().family("lbd_replica_probe_duration_seconds")
    #expect(duration.samples.count == 1 && duration.samples[0].value < 1)
  }

  @Test func `connections and requests in flight are those that are open now`() throws {
    let (stage, _) = try Stage.withMetrics(replicas: 1)
    try stage.awaitMetrics("the stage's own are gone") {
      $0.sum("lbd_worker_client_connections") == 0
    }
    let before = try #require(
      try stage.metrics().sum("lbd_worker_client_connections_accepted_total"))
    var connections = try (0..<6).map { _ in try stage.connect() }
    for connection in connections {
      try connection.send("GET /delay/5s HTTP/1.1\r\nHost: test\r\n\r\n")
    }
    try stage.awaitMetrics("six are in flight") {
      $0.sum("lbd_replica_requests_in_flight") == 6
        && $0.sum("lbd_worker_replica_connections_idle") == 0
    }
    for connection in connections { #expect(try connection.answer().status == 200) }
    try stage.awaitMetrics("six are idle on either side") {
      $0.sum("lbd_worker_client_connections") == 6
        && $0.sum("lbd_worker_replica_connections") == 6
        && $0.sum("lbd_worker_replica_connections_idle") == 6
    }
    connections = []
    try stage.awaitMetrics("the clients have gone") {
      $0.sum("lbd_worker_client_connections") == 0
    }
    #expect(
      try stage.metrics().sum("lbd_worker_client_connections_accepted_total") == before + 6)
  }

  @Test func `a replica that leaves and comes back goes on counting`() throws {
    let (stage, _) = try Stage.withMetrics(replicas: 2)
    let (name, own) = (stage.names[0], ["replica": stage.names[0]])
    try send(stage, 10)
    try stage.awaitMetrics("all is counted") { $0.sum("lbd_replica_responses_total") == 10 }
    let probes = try #require(try stage.metrics().sum("lbd_replica_probes_total", own))
    #expect(try stage.lbctl("remove", name).status == 0)
    let absent = try stage.metrics()
    #expect(absent.sum("lbd_replica_responses_total", own) == nil)
    #expect(absent.sum("lbd_replica_responses_total") == 5)
    #expect(absent.sum("lbd_worker_requests_total") == 10)
    #expect(try stage.lbctl("add", "127.0.0.1:\(name)").status == 0)
    let back = try stage.metrics()
    #expect(back.sum("lbd_replica_responses_total", own) == 5)
    #expect(back.sum("lbd_response_seconds_count", own) == 5)
    #expect(try #require(back.sum("lbd_replica_probes_total", own)) >= probes)
    try stage.awaitPool("it is up again") { $0.allSatisfy { $0.state == .up } }
    try send(stage, 10)
    try stage.awaitMetrics("both go on") { $0.sum("lbd_replica_responses_total", own) == 10 }
    #expect(try stage.metrics().sum("lbd_worker_requests_total") == 20)
  }

  @Test func `a replica's odd name is escaped`() throws {
    let (stage, _) = try Stage.withMetrics(replicas: 1)
    let name = "unix:\(stage.directory)/a\"b\\c,d}é=.sock"
    #expect(try stage.lbctl("add", name).status == 0)
    let info = try stage.metrics().family("lbd_replica_info").samples
    #expect(info.map { $0["replica"] } == [stage.names[0], name])
    #expect(info.last?["address"] == name)
    let json = try stage.lbctl("metrics", "--json").output
    let samples = try #require(
      (try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])?["samples"]
        as? [[String: Any]])
    #expect(samples.contains { ($0["labels"] as? [String: String])?["address"] == name })
  }
}
