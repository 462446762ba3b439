// Who the client is: by its connection, by the word of a trusted proxy, by the PROXY protocol.

import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ForwardTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let trusting = "[forward]\ntrusted_proxies = 127.0.0.0/8\n"
  private static let get = "GET / HTTP/1.1\r\nHost: test\r\n"

  /// A replica that answers whatever comes.
  private func replica() throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
  }

  /// The values of a field in the requests that a replica got.
  private func values(_ name: String, at replica: ScriptedReplica) -> [String] {
    replica.requests.map { request in
      let lines = request.split(separator: "\r\n").filter {
        $0.lowercased().hasPrefix(name + ": ")
      }
      return lines.map { $0.dropFirst(name.count + 2) }.joined(separator: " | ")
    }
  }

  @Test func `a client's own word is not taken, a trusted proxy's is`() throws {
    let fields =
      "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example\r\n"
      + "X-Request-Id: mine\r\nX-Forwarded-Port: 443\r\nForwarded: for=1.2.3.4\r\n"
    let (plain, trusted) = (try replica(), try replica())
    let distrusting = try Stage(scripted: [plain])
    #expect(try distrusting.connect().get("/", fields).status == 200)
    let stage = try Stage(scripted: [trusted], sections: Self.trusting + "forwarded = on\n")
    #expect(try stage.connect().get("/", fields).status == 200)
    let names = [
      "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded",
    ]
    #expect(names.map { values($0, at: plain) } == [["127.0.0.1"], ["http"], ["test"], [""], [""]])
    #expect(
      names.map { values($0, at: trusted) } == [
        ["1.2.3.4, 127.0.0.1"], ["https"], ["example"], ["443"],
        ["for=1.2.3.4, for=127.0.0.1;host=\"test\";proto=http"],
      ])
    #expect(values("x-request-id", at: trusted) == ["mine"])
    #expect(values("x-request-id", at: plain)[0].count == 32)
  }

  @Test func `what the conf drops no replica gets, as a trailer neither, until a reload`() throws {
    let trailers = Notes<String>()
    let chunks = try ScriptedReplica { request, connection in
      if request.contains("Transfer-Encoding") {
        trailers.add(try connection.take(until: "\r\n\r\n"))
      }
      try connection.send(Self.ok)
      return .keep
    }
    let drop = "drop = X-Client-IP, X-Original-URL\n"
    let stage = try Stage(scripted: [chunks], sections: Self.trusting + drop)
    let connection = try stage.connect()
    let fields =
      "X-Client-IP: 1\r\nx_client_ip: 2\r\nX-Original-URL: /\r\nX-Kept: 3\r\nProxy: 4\r\n"
    #expect(try connection.get("/", fields).text == "ok")
    let names = ["x-client-ip", "x_client_ip", "x-original-url", "x-kept", "proxy"]
    #expect(names.map { values($0, at: chunks) } == [[""], [""], [""], ["3"], [""]])
    let body = "2\r\nhi\r\n0\r\nX-Client-IP: 1\r\nX-Kept: 2\r\n\r\n"
    try connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    #expect(try connection.answer().text == "ok")
    #expect(trailers.all == ["2\r\nhi\r\n0\r\nX-Kept: 2"])
    try stage.writeConf(ports: [chunks.port], sections: Self.trusting + "via = off\n")
    #expect(try stage.lbctl("reload").status == 0)
    try eventually("the conf is in force") {
      _ = try connection.get("/", fields)
      return chunks.requests.last?.contains("X-Client-IP: 1\r\n") == true
    }
    #expect(values("proxy", at: chunks).allSatisfy { $0.isEmpty })
    #expect(chunks.requests.last?.contains("\r\nVia:") == false)
    #expect(chunks.requests.first?.contains("\r\nVia: 1.1 lbd-") == true)
  }

  // MARK: Where a PROXY header is required

  private static let requiring = trusting + "proxy_protocol_in = required\n"

  @Test(arguments: headers.filter { !$0.bytes.isEmpty })
  func `a required header names the client as any does`(
    _ bytes: [UInt8], _ client: String, _ isBelieved: Bool
  ) throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.requiring)
    let connection = try stage.connect()
    try connection.send(bytes + Array((Self.get + "\r\n").utf8))
    #expect(try connection.answer().text == "ok")
    #expect(try connection.get("/").text == "ok")
    #expect(values("x-forwarded-for", at: replica) == [client, client])
  }

  @Test(arguments: ["127.0.0.0/8", "10.0.0.0/8"])
  func `without a header that is required, or from who is not trusted, there is no request`(
    _ network: String
  ) throws {
    let replica = try replica()
    let stage = try Stage.withAccessLog(
      scripted: [replica],
      sections: "[forward]\ntrusted_proxies = \(network)\nproxy_protocol_in = required\n")
    let isTrusted = network.hasPrefix("127")
    let header = "PROXY TCP4 1.2.3.4 10.0.0.1 5 80\r\n"
    let cause =
      isTrusted
      ? "the connection does not begin with the PROXY protocol's header"
      : "only trusted proxies may connect here"
    for (start, isHeader) in [("", false), (header, true), ("\r\n", false)] {
      let connection = try stage.connect()
      try connection.send(start + Self.get + "\r\n")
      let answer = try connection.answer()
      #expect(answer.status == (isTrusted && isHeader ? 200 : 400), "\(start)")
      guard answer.status == 400 else { continue }
      #expect(answer.text.contains(cause))
      #expect(try connection.isOver())
    }
    #expect(replica.requests.count == (isTrusted ? 1 : 0))
    let lines = try stage.awaitAccessLines(3)
    #expect(lines.filter { $0.text("cause") == cause }.count == (isTrusted ? 2 : 3))
  }

  @Test func `a reload requires headers of new connections, and asks old ones for none`() throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.trusting)
    let old = try stage.connect()
    #expect(try old.get("/").text == "ok")
    try stage.writeConf(ports: [replica.port], sections: Self.requiring)
    #expect(try stage.lbctl("reload").status == 0)
    try eventually("the conf is in force") { try stage.connect().get("/").status == 400 }
    #expect(try old.get("/").text == "ok")
    // One that came meanwhile and said nothing yet is asked for what holds when it speaks.
    let silent = try stage.connect()
    try stage.writeConf(ports: [replica.port])
    #expect(try stage.lbctl("reload").status == 0)
    try eventually("the conf is in force") { try stage.connect().get("/").status == 200 }
    #expect(try silent.get("/").text == "ok")
  }

  @Test func `a network that the client is not in is not trusted`() throws {
    let replica = try replica()
    let stage = try Stage(
      scripted: [replica], sections: "[forward]\ntrusted_proxies = 10.0.0.0/8, ::1\n")
    #expect(try stage.connect().get("/", "X-Forwarded-For: 1.2.3.4\r\n").status == 200)
    #expect(values("x-forwarded-for", at: replica) == ["127.0.0.1"])
    let connection = try stage.connect()
    try connection.send("PROXY TCP4 1.2.3.4 127.0.0.1 5 80\r\n\(Self.get)\r\n")
    #expect(try connection.answer().status == 400)
  }

  @Test func `a reload changes whom new connections may speak for`() throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.trusting)
    let old = try stage.connect()
    #expect(try old.get("/", "X-Forwarded-For: 1.2.3.4\r\n").status == 200)
    try stage.writeConf(ports: [replica.port])
    stage.lbd?.signal(1)
    try eventually("the conf is in force") {
      _ = try stage.connect().get("/", "X-Forwarded-For: 1.2.3.4\r\n")
      return values("x-forwarded-for", at: replica).last == "127.0.0.1"
    }
    #expect(values("x-forwarded-for", at: replica).first == "1.2.3.4, 127.0.0.1")
  }

  /// Headers, whom they name, and whether what that one says of others is believed.
  static let headers: [(bytes: [UInt8], client: String, isBelieved: Bool)] = [
    (Array("PROXY TCP4 192.0.2.7 10.0.0.1 5 80\r\n".utf8), "192.0.2.7", false),
    (Array("PROXY TCP6 2001:db8::7 ::1 5 80\r\n".utf8), "2001:db8::7", false),
    (Array("PROXY UNKNOWN\r\n".utf8), "127.0.0.1", false),
    (signature + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 0, 5, 0, 80], "192.0.2.7", false),
    (
      signature + [0x21, 0x11, 0, 15, 192, 0, 2, 7, 10, 0, 0, 1, 0, 5, 0, 80, 4, 0, 0], "192.0.2.7",
      false
    ),
    (signature + [0x20, 0, 0, 0], "127.0.0.1", true),
    ([], "127.0.0.1", true),
  ]
  private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

  @Test(arguments: headers)
  func `a trusted proxy names its client once, before the first request`(
    _ bytes: [UInt8], _ client: String, _ isBelieved: Bool
  ) throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.trusting)
    let connection = try stage.connect()
    try connection.send(bytes + Array((Self.get + "X-Forwarded-For: 9.9.9.9\r\n\r\n").utf8))
    #expect(try connection.answer().text == "ok")
    #expect(try connection.get("/").text == "ok")
    // What a client says that is no trusted proxy itself is not believed.
    #expect(
      values("x-forwarded-for", at: replica)
        == [isBelieved ? "9.9.9.9, \(client)" : client, client])
    try connection.send(bytes)
    if !bytes.isEmpty { #expect(try connection.answer().status == 400) }
  }

  @Test(arguments: headers)
  func `its header may come byte by byte, and alone`(
    _ bytes: [UInt8], _ client: String, _ isBelieved: Bool
  ) throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.trusting)
    let connection = try stage.connect()
    for byte in bytes {
      try connection.send([byte])
      Clock.sleep(milliseconds: 1)
    }
    #expect(connection.isSilent(milliseconds: 50))
    #expect(try connection.get("/").text == "ok")
    #expect(values("x-forwarded-for", at: replica) == [client])
  }

  @Test(arguments: [
    "PROXY TCP4 300.1.1.1 10.0.0.1 5 80\r\n", "PROXY TCP6 1:2 ::1 5 80\r\n", "PROXY \r\n",
    "PROXY TCP6 ::ffff:1.2.3 ::1 5 80\r\n", "PROXY TCP4 1.2.3.4 999.1.1.1 5 80\r\n",
    "PROXY TCP6 ::1 ::::: 5 80\r\n", "PROXY TCP4 1.2.3.4 10.0.0.1 5 80\n",
    "PROXY UNKNOWN " + String(repeating: "x", count: 200),
  ])
  func `a malformed header is refused`(_ header: String) throws {
    let replica = try replica()
    let stage = try Stage(scripted: [replica], sections: Self.trusting)
    let connection = try stage.connect()
    try connection.send(header + Self.get + "\r\n")
    let answer = try connection.answer()
    #expect(answer.status == 400 && answer.text.contains("PROXY"))
    #expect(try connection.isOver() && replica.requests.isEmpty)
  }

  @Test func `a header that stays incomplete is cut by the head's deadline`() throws {
    let stage = try Stage(
      replicas: 1, sections: Self.trusting + "[timeouts]\nclient_header = 200ms\n")
    let connection = try stage.connect()
    try connection.send("PROXY TCP4 1.2")
    #expect(try connection.answer().status == 408)
  }

  @Test(arguments: [0, 16, 100, 1100, 2015])
  func `a header has a limit of its own, however it comes`(_ cut: Int) throws {
    let replica = try replica()
    let stage = try Stage(
      scripted: [replica], sections: Self.trusting + "[limits]\nheader = 1k\n")
    let padding = [UInt8](repeating: 4, count: 2000)
    let bytes =
      Self.signature + [0x21, 0x11, 7, 220, 192, 0, 2, 7, 10, 0, 0, 1, 0, 5, 0, 80] + padding
    let connection = try stage.connect()
    try connection.send(Array(bytes[..<cut]))
    if cut > 0 { #expect(connection.isSilent(milliseconds: 30)) }
    try connection.send(Array(bytes[cut...]) + Array("\(Self.get)\r\n".utf8))
    #expect(try connection.answer().text == "ok")
    #expect(values("x-forwarded-for", at: replica) == ["192.0.2.7"])
  }

  // MARK: Towards replicas

  /// What a replica is told in version 1: the line, and the request behind it.
  private func lineReplica(_ lines: Notes<String>) throws -> ScriptedReplica {
    try ScriptedReplica { request, connection in
      lines.add(String(request.prefix { $0 != "\r\n" }) + (request.contains("/health") ? "!" : ""))
      try connection.send(Self.ok)
      return .keep
    }
  }

  @Test func `version 1 says who the client is on a connection of the request's own`() throws {
    let lines = Notes<String>()
    let replica = try lineReplica(lines)
    let stage = try Stage(
      scripted: [replica], lbd: "workers = 1", sections: Self.trusting + "proxy_protocol = v1\n")
    let connection = try stage.connect()
    for _ in 0..<2 { #expect(try connection.get("/").text == "ok") }
    let named = try stage.connect()
    try named.send("PROXY TCP6 2001:db8::7 ::1 5 80\r\n\(Self.get)\r\n")
    #expect(try named.answer().text == "ok")
    let all = lines.all
    #expect(all.contains("PROXY UNKNOWN!") && !all.contains { !$0.hasPrefix("PROXY ") })
    let own = "PROXY TCP4 127.0.0.1 127.0.0.1 \(connection.port) \(stage.mainPort)"
    #expect(
      all.filter { !$0.hasSuffix("!") }
        == [own, own, "PROXY TCP6 2001:db8::7 ::ffff:127.0.0.1 5 \(stage.mainPort)"])
    #expect(replica.connections == all.count)
  }

  @Test func `a retry says it again, an upgrade and /docs/pool work with it`() throws {
    let lines = Notes<String>()
    let replica = try ScriptedReplica { request, connection in
      lines.add(String(request.prefix { $0 != "\r\n" }))
      guard request.contains("Upgrade: echo") else {
        try connection.send(Self.ok)
        return .keep
      }
      try connection.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
      try connection.send(try connection.take(4))
      return .close
    }
    let stage = try Stage()
    let gone = try stage.reservePort()
    try stage.writeConf(
      ports: [gone, replica.port], lbd: "docs = on", health: "check = off\n",
      sections: "[forward]\nproxy_protocol = v1\n")
    try stage.start()
    let connection = try stage.connect()
    for _ in 0..<2 { #expect(try connection.get("/").text == "ok") }
    #expect(lines.all.count == 2 && lines.all.allSatisfy { $0.hasPrefix("PROXY TCP4 ") })
    #expect(try connection.get("/docs/pool").text.contains("\"replicas\""))
    let tunnel = try stage.connect()
    try tunnel.send(Self.get + "Connection: upgrade\r\nUpgrade: echo\r\n\r\n")
    #expect(try tunnel.answerHead().status == 101)
    try tunnel.send("ping")
    #expect(try tunnel.take(4) == Array("ping".utf8))
  }

  @Test func `a connection that began for one client serves no other after a reload`() throws {
    let gate = Gate()
    let mixed = Counter()
    let replica = try ScriptedReplica { request, connection in
      if request.contains("GET /wait ") {
        try gate.wait()
        try connection.send(Self.ok)
        // The next request on this connection would come from someone else.
        if try connection.request() != nil { mixed.add() }
        return .close
      }
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], lbd: "workers = 1", health: "check = off\n",
      sections: "[forward]\nproxy_protocol = v1\n")
    let waiting = try stage.connect()
    try waiting.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n")
    try eventually("it waits at the replica") { replica.requests.count == 1 }
    try stage.writeConf(ports: [replica.port], lbd: "workers = 1", health: "check = off\n")
    stage.lbd?.signal(1)
    let other = try stage.connect()
    try eventually("the conf is in force") {
      _ = try other.get("/")
      return replica.requests.last?.hasPrefix("GET ") == true
    }
    gate.open()
    #expect(try waiting.answer().text == "ok")
    for _ in 0..<3 { #expect(try other.get("/").text == "ok") }
    #expect(mixed.value == 0)
  }

  @Test func `version 2 says the same in bytes`() throws {
    let blocks = Notes<[UInt8]>()
    let replica = try ScriptedReplica { _, connection in
      // The signature's first bytes look like an empty head to the script's reader.
      guard try connection.take(8) == Array(Self.signature[4...]) else { return .close }
      let start = try connection.take(4)
      blocks.add(start + (try connection.take(Int(start[2]) << 8 | Int(start[3]))))
      _ = try connection.take(until: "\r\n\r\n")
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], sections: Self.trusting + "proxy_protocol = v2\n")
    let connection = try stage.connect()
    #expect(try connection.get("/").text == "ok")
    let (from, to) = (connection.port, stage.mainPort)
    let ports = [from, to].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    #expect(blocks.all.contains([0x20, 0, 0, 0]))
    #expect(
      blocks.all.last { $0.count > 4 }
        == [0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1] + ports)
  }
}
