// What the access log says of each exchange, however it ended.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite(.waiting) struct AccessLogTests {
  @Test func `a line says who asked for what, who answered and how much was sent`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello")
      return .keep
    }
    let stage = try Stage.withAccessLog(scripted: [replica])
    let connection = try stage.connect()
    try connection.send(
      "PUT /a?b=c HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: probe/1\r\nConnection: close\r\n\r\n")
    let answer = try connection.takeRest()
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.text("client") == "127.0.0.1" && line.text("method") == "PUT")
    #expect(line.text("target") == "/a?b=c" && line.text("protocol") == "HTTP/1.1")
    #expect(line.text("host") == "shop.test" && line.text("user_agent") == "probe/1")
    #expect(line.count("status") == 201 && line.count("bytes_sent") == answer.count)
    #expect(line.text("replica") == "\(replica.port)" && line.count("attempts") == 1)
    let id = try #require(line.text("request_id"))
    #expect(id.wholeMatch(of: /[0-9a-f]{32}/) != nil)
    #expect(replica.requests.first?.contains("X-Request-Id: \(id)\r\n") == true)
    let time = try #require(line.text("time"))
    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    let now = Date().timeIntervalSince1970
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    #expect(abs(now - (try style.parse(time)).timeIntervalSince1970) < 20)
    let duration = try #require(line.number("duration_ms"))
    #expect(duration >= 0 && duration < 10_000)
    #expect(
      line.names == [
        "time", "client", "method", "target", "protocol", "host", "user_agent", "request_id",
        "status", "bytes_sent", "duration_ms", "replica", "attempts",
      ])
  }

  @Test func `requests of one connection have a line each, in their order, with their durations`()
    throws
  {
    let stage = try Stage.withAccessLog(replicas: 2)
    let connection = try stage.connect()
    for index in 0..<20 { #expect(try connection.get("/getInfo?\(index)").status == 200) }
    #expect(try connection.get("/delay/120ms").status == 200)
    let lines = try stage.awaitAccessLines(21)
    #expect(
      lines.map { $0.text("target") } == (0..<20).map { "/getInfo?\($0)" } + ["/delay/120ms"])
    let replicas = lines.prefix(20).map { $0.text("replica") ?? "" }
    #expect(Set(replicas) == Set(stage.names))
    #expect(zip(replicas, replicas.dropFirst()).allSatisfy { $0 != $1 })
    #expect(Set(lines.map { $0.text("request_id") ?? "" }).count == 21)
    #expect(lines[20].number("duration_ms") ?? 0 >= 119)
  }

  @Test func `a retried request has one line, with its attempts and the last replica`() throws {
    let seen = Counter()
    let script: ScriptedReplica.Script = { request, connection in
      if request.hasPrefix("GET /again ") {
        seen.add()
        if seen.value == 1 { return .close }
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let replicas = [try ScriptedReplica(script), try ScriptedReplica(script)]
    let stage = try Stage.withAccessLog(scripted: replicas)
    let connection = try stage.connect()
    for target in ["/1", "/2", "/again"] { #expect(try connection.get(target).status == 200) }
    let line = try stage.awaitAccessLines(3)[2]
    #expect(line.text("target") == "/again" && line.count("status") == 200)
    #expect(line.count("attempts") == 2 && !line.has("cause") && !line.has("aborted"))
    let last = replicas.last { $0.requests.contains { $0.hasPrefix("GET /again ") } }
    let both = replicas.allSatisfy { $0.requests.contains { $0.hasPrefix("GET /again ") } }
    #expect(both && last != nil)
    #expect(replicas.map { "\($0.port)" }.contains(line.text("replica")))
  }

  @Test func `a 5xx of lbd's own has its cause`() throws {
    let replica = try ScriptedReplica { _, _ in .close }
    let stage = try Stage.withAccessLog(scripted: [replica])
    #expect(try stage.connect().get("/lost").status == 502)
    let lost = try stage.awaitAccessLines(1)[0]
    #expect(lost.count("status") == 502 && lost.text("cause") == "reset: the connection was closed")
    #expect(lost.text("replica") == "\(replica.port)" && lost.count("attempts") == 2)
    try replica.stop()
    try stage.awaitPool("it is out") { $0[0].state != .up }
    #expect(try stage.connect().get("/nobody").status == 503)
    let line = try #require(
      try stage.awaitAccessLines(2).first { $0.text("target") == "/nobody" })
    #expect(
      line.count("status") == 503
        && line.text("cause")?.hasPrefix("no replica is available") == true)
    #expect(
      line.count("attempts") == 0 && !line.has("replica") && line.count("bytes_sent") ?? 0 > 0)
  }

  @Test(arguments: [
    ("GET /x HTTP/1.1\r\nHost : a\r\n\r\n", "GET", "/x", "HTTP/1.1", 400),
    ("POST /y HTTP/1.1\r\nUser-Agent: u\r\n\r\n", "POST", "/y", "HTTP/1.1", 400),
    ("GET /z HTTP/3.0\r\nHost: a\r\n\r\n", "GET", "/z", "HTTP/3.0", 505),
    ("GE\"T / HTTP/1.1\r\n\r\n", nil, nil, nil, 400),
    ("\u{16}\u{3}\u{1}\u{0}\r\n\r\n", nil, nil, nil, 400),
    ("GET /\u{1}\"\u{7F}ü HTTP/1.1\r\n\r\n", "GET", "/\u{1}\"\u{7F}ü", "HTTP/1.1", 400),
    ("GET nowhere HTTP/1.1\r\n\r\n", "GET", "nowhere", "HTTP/1.1", 400),
  ])
  func `what is refused has a line with what was known of it`(
    _ request: String, _ method: String?, _ target: String?, _ version: String?, _ status: Int
  ) throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    let connection = try stage.connect()
    try connection.send(request)
    #expect(try connection.answer().status == status)
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.count("status") == status && line.count("attempts") == 0)
    #expect(line.text("method") == method && line.text("target") == target)
    #expect(line.text("protocol") == version)
    #expect(line.text("cause")?.isEmpty == false && !line.has("replica"))
  }

  @Test func `a head that does not arrive in time has a line with what came of it`() throws {
    let stage = try Stage.withAccessLog(
      replicas: 1, sections: "[timeouts]\nclient_header = 100ms\n")
    let connection = try stage.connect()
    try connection.send("GET /slow HT")
    #expect(try connection.answer().status == 408)
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.count("status") == 408 && line.text("method") == "GET")
    #expect(line.text("target") == "/slow" && !line.has("protocol"))
  }

  @Test func `a download that the client leaves is marked, with what it was sent`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    do {
      let connection = try stage.connect()
      try connection.send("GET /bytes/500000000 HTTP/1.1\r\nHost: test\r\n\r\n")
      _ = try connection.take(100_000)
      connection.resetOnClose()
    }
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.isTrue("aborted") && line.count("status") == 200 && !line.has("cause"))
    let sent = try #require(line.count("bytes_sent"))
    #expect(sent >= 100_000 && sent < 500_000_000)
  }

  @Test func `a response that its replica cuts is marked, with the cause`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
      return .close
    }
    let stage = try Stage.withAccessLog(scripted: [replica])
    _ = try? stage.connect().get("/")
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.isTrue("aborted") && line.count("status") == 200)
    #expect(line.text("cause") == "the connection was closed")
  }

  @Test func `a request that nobody answered before its client left has no status`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    do {
      let connection = try stage.connect()
      try connection.send("GET /delay/60s HTTP/1.1\r\nHost: test\r\n\r\n")
      try stage.awaitPool("it is in flight") { $0[0].active == 1 }
      connection.resetOnClose()
    }
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.isTrue("aborted") && !line.has("status") && line.count("bytes_sent") == 0)
    #expect(line.text("replica") == stage.names[0] && line.count("attempts") == 1)
  }

  @Test func `nothing in a line steers the terminal of whoever reads it`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    let connection = try stage.connect()
    let agent = "a\u{9B}2J\u{85}b\u{202E}c\u{2066}d\u{200F}é"
    #expect(try connection.get("/getInfo", "User-Agent: \(agent)\r\n").status == 200)
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.text("user_agent") == agent)
    let text = String(decoding: try Files.read(stage.accessPath, limit: 1 << 20), as: UTF8.self)
    #expect(text.contains(#"a\u009b2J\u0085b\u202ec\u2066d\u200fé"#))
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "é" || " "..."~" ~= $0 })
  }

  @Test func `request ids can't be foretold from those before`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    let connection = try stage.connect()
    for _ in 0..<8 { #expect(try connection.get("/getInfo").status == 200) }
    let halves = try stage.awaitAccessLines(8).map { line -> [UInt64] in
      let id = try #require(line.text("request_id"))
      return [id.prefix(16), id.suffix(16)].compactMap { UInt64($0, radix: 16) }
    }
    #expect(Set(halves.joined()).count == 16)
  }

  @Test func `whatever bytes a client sends, the line is JSON that gives them back`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    let connection = try stage.connect()
    let head = #"GET /"\u0041\"}{?<>' HTTP/1.1"# + "\r\nHost: test\r\nUser-Agent: "
    try connection.send(
      Array(head.utf8) + Array("\"ä\\\t€".utf8) + [0xFF, 0xC3] + Array("\r\n\r\n".utf8))
    _ = try connection.answer()
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.text("target") == #"/"\u0041\"}{?<>'"#)
    #expect(line.text("user_agent") == "\"ä\\\t€\u{FFFD}\u{FFFD}")
  }

  @Test func `texts beyond their bounds are cut, and the line says so`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage.withAccessLog(
      scripted: [replica], sections: "[forward]\ntrusted_proxies = 127.0.0.1\n")
    let connection = try stage.connect()
    // All of them as long as they can be in a line, at once: it must still be whole.
    let id = String(repeating: "i", count: 128)
    let agent = [UInt8](repeating: 0xFE, count: 4000)
    try connection.send(
      Array("\(String(repeating: "M", count: 300)) /\(String(repeating: "\"", count: 6000))".utf8)
        + Array(" HTTP/1.1\r\nHost: \(String(repeating: "h", count: 250))\r\n".utf8)
        + Array("X-Request-Id: \(id)\r\nUser-Agent: ".utf8) + agent + Array("\r\n\r\n".utf8))
    #expect(try connection.answer().status == 200)
    let line = try stage.awaitAccessLines(1)[0]
    #expect(line.text("method") == String(repeating: "M", count: 32) && line.isTrue("method_cut"))
    #expect(line.text("target") == "/" + String(repeating: "\"", count: 1023))
    #expect(line.text("host") == String(repeating: "h", count: 250) && !line.has("host_cut"))
    #expect(line.text("user_agent") == String(repeating: "\u{FFFD}", count: 170))
    #expect(line.isTrue("target_cut") && line.isTrue("user_agent_cut"))
    #expect(line.text("request_id") == id && line.count("attempts") == 1)
    #expect(try connection.get("/short").status == 200)
    #expect(try stage.awaitAccessLines(2)[1].names.contains { $0.hasSuffix("_cut") } == false)
    // A host of this length is refused, and so is a quote in one.
    let host = String(repeating: "\"", count: 300)
    try connection.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    #expect(try connection.answer().status == 400)
    let refused = try stage.awaitAccessLines(3)[2]
    #expect(
      refused.text("host") == String(repeating: "\"", count: 128) && refused.isTrue("host_cut"))
  }
}
