// The metrics' listener: who is answered there, and that whoever misuses it takes nothing from others.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct MetricsListenerTests {
  @Test func `nothing but a GET or HEAD of the metrics is answered there`() throws {
    let (stage, port) = try Stage.withMetrics(replicas: 1)
    func ask(_ request: String, isHead: Bool = false) throws -> Answer {
      let connection = try Connection(port: port)
      try connection.send(request + "\r\n")
      let answer = try connection.answer(toHead: isHead)
      #expect(try connection.isOver())
      return answer
    }
    for path in ["/", "/pool", "/docs/pool", "/health", "/version", "/metrics/", "/replicas/add"] {
      #expect(try ask("GET \(path) HTTP/1.1\r\nHost: test\r\n").status == 404)
      #expect(try ask("POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n").status == 404)
    }
    let body = #"{"replica":"\#(stage.names[0])"}"#
    let order = "POST /replicas/remove HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n"
    #expect(try ask(order + body).status == 404)
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
      let answer = try ask("\(method) /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n")
      #expect(answer.status == 405 && answer["allow"] == "GET, HEAD")
    }
    #expect(try ask("GET /metrics HTTP/1.1\r\n").status == 400)
    #expect(try ask("GET /metrics?name=x HTTP/1.1\r\nHost: test\r\n").status == 200)
    let head = try ask("HEAD /metrics HTTP/1.1\r\nHost: test\r\n", isHead: true)
    #expect(head.status == 200 && head["content-length"].flatMap { Int($0) } ?? 0 > 1000)
    #expect(try stage.pool().map(\.name) == stage.names)
  }

  @Test func `a silent crowd at the listener keeps neither lbctl nor probes waiting`() throws {
    let (stage, port) = try Stage.withMetrics(replicas: 2)
    let crowd = try (0..<300).map { _ in try Connection(port: port) }
    for connection in crowd.prefix(10) { try connection.send("GET /metrics HTT") }
    let start = Clock.now()
    #expect(try stage.lbctl("pool").status == 0)
    #expect(try stage.lbctl("metrics").status == 0)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("a probe has found it dead") { $0[0].state == .down }
    #expect(Clock.now() - start < 30_000_000_000)
    #expect(try stage.lbd?.load() ?? 100 < 30)
    // Whoever says nothing, or only half of it, is let go.
    for connection in [crowd[0], crowd[20]] {
      connection.patience = 20_000
      #expect(try connection.isOver())
    }
  }

  @Test func `a thousand replicas make a text that who does not read it holds up for nobody`()
    throws
  {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.write(
      "[lbd]\nmain_port = \(stage.mainPort)\nports = 20001-21000\nworkers = 2\n"
        + "control = \(stage.socketPath)\n[health]\ncheck = off\ninterval = 1h\n"
        + Stage.metricsSection(port))
    try stage.start()
    let crowd = try (0..<30).map { _ in try Connection.narrow(port: port) }
    for connection in crowd { try connection.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
    let start = Clock.now()
    #expect(try stage.lbctl("pool").status == 0)
    let scrape = try Connection(port: port).get("/metrics").text
    #expect(Clock.now() - start < 30_000_000_000)
    #expect(scrape.components(separatedBy: "\nlbd_replica_up{").count == 1001)
    // It is there for those who read it after all.
    #expect(
      try crowd[3].answer().text.hasSuffix(
        "\nlbd_worker_replica_connections_idle{worker=\"1\"} 0\n"))
  }

  @Test func `a reload moves the listener, and is refused where the new place is taken`() throws {
    let stage = try Stage(replicas: 1)
    let ports = try (0..<2).map { _ in try stage.reservePort() }
    func reload(_ section: String, _ line: String) throws {
      try stage.writeConf(ports: stage.ports, sections: section)
      let count = stage.lbd?.error.components(separatedBy: line).count ?? 0
      stage.lbd?.signal(SIGHUP)
      try eventually("lbd says \(line)") {
        stage.lbd?.error.components(separatedBy: line).count ?? 0 > count
      }
    }
    func answers(_ port: UInt16) -> Bool {
      (try? Connection(port: port).get("/metrics").status) == 200
    }
    #expect(!answers(ports[0]))
    try reload(Stage.metricsSection(ports[0]), "\"reload\"")
    #expect(answers(ports[0]))
    try reload("[metrics]\nlisten = 0.0.0.0:\(ports[0])", "\"reload\"")
    #expect(answers(ports[0]))
    try reload(Stage.metricsSection(ports[1]), "\"reload\"")
    #expect(!answers(ports[0]) && answers(ports[1]))
    try reload(Stage.metricsSection(stage.ports[0]), "reload-refused")
    #expect(answers(ports[1]))
    try eventually("the reloads are counted") {
      let metrics = try stage.metrics()
      return metrics.sum("lbd_reloads_total", ["result": "done"]) == 3
    }
    try reload("[metrics]\nlisten = nonsense", "reload-refused")
    let metrics = try stage.metrics()
    #expect(metrics.sum("lbd_last_reload_success") == 0)
    #expect(metrics.sum("lbd_reloads_total", ["result": "refused"]) == 2)
    try reload("", "\"reload\"")
    #expect(!answers(ports[1]))
    #expect(try stage.metrics().sum("lbd_last_reload_success") == 1)
  }

  @Test func `the listener may be a path, which goes with lbd`() throws {
    let stage = try Stage()
    let path = stage.directory + "/metrics.sock"
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, sections: "[metrics]\nlisten = unix:\(path)")
    try stage.start()
    let address = try #require(SocketAddress(path: path))
    _ = try Exposition(try Connection(address).get("/metrics").text)
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(arguments: ["127.0.0.1:", "unix:"])
  func `a place that is taken stops the start with what to do`(_ kind: String) throws {
    let stage = try Stage()
    let taken = try stage.startReplica()
    let path = stage.directory + "/file"
    try "precious".write(toFile: path, atomically: true, encoding: .utf8)
    let place = kind == "unix:" ? kind + path : "\(kind)\(taken)"
    try stage.writeConf(ports: [1], sections: "[metrics]\nlisten = \(place)")
    let outcome = try Child.run("lbd", ["-c", stage.confPath])
    #expect(outcome.status == 1)
    #expect(outcome.error.hasPrefix("lbd: ") && outcome.error.count { $0 == "\n" } == 1)
    #expect(outcome.error.contains("set another listen in [metrics]"), "\(outcome.error)")
    #expect(outcome.error.contains(kind == "unix:" ? path : place))
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath))
  }

  @Test func `lbctl prints the metrics without a listener`() throws {
    let stage = try Stage(replicas: 1)
    let whole = try stage.lbctl("metrics")
    #expect(whole.status == 0 && whole.error == "")
    let families = try Exposition(whole.output).families
    #expect(families.count > 20)
    let samples = try stage.lbctl("metrics", "--no-header").output
    #expect(!samples.contains("#") && samples.hasPrefix("lbd_up 1\n"))
    #expect(try stage.lbctl("metrics", "extra").status == 2)
    stage.lbd?.signal(SIGTERM)
    _ = try stage.lbd?.exitStatus()
    #expect(try stage.lbctl("metrics").status == 3)
  }

  @Test func `each family of the metrics is in the document's table, and the other way round`()
    throws
  {
    let stage = try Stage(replicas: 1)
    let served = try stage.metrics().families.map { family in
      // A family's labels are those of its samples, but a histogram's own.
      let labels = family.samples.first { $0.name != family.name + "_bucket" }?.labels.map(\.name)
      return [family.name, family.kind, labels?.joined(separator: ", ") ?? "", family.help]
    }
    let document = try String(
      contentsOfFile: Binaries.package + "/docs/metrics.md", encoding: .utf8)
    let rows = document.split(separator: "\n").filter { $0.hasPrefix("| `lbd_") }.map { row in
      row.split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces).replacing("`", with: "")
      }
    }
    for family in served where !rows.contains(family) {
      Issue.record("not in the table: \(family)")
    }
    for row in rows where !served.contains(row) { Issue.record("not served: \(row)") }
    #expect(Set(rows.map { $0[0] }).count == rows.count)
  }
}
