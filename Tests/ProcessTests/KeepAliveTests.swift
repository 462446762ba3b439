// Connections serve many requests, on both sides.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct KeepAliveTests {
  private func quickReplica() throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
  }

  @Test func `a connection to a replica serves the requests of many clients`() throws {
    let replica = try quickReplica()
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    for _ in 0..<20 { #expect(try stage.connect().get("/").text == "ok") }
    #expect(replica.requests.count == 20 && replica.connections == 1)
  }

  @Test func `a replica that closes after each answer costs no request`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    for _ in 0..<10 { #expect(try connection.get("/").text == "ok") }
    #expect(replica.connections == 10)
  }

  @Test func `pipelined requests are answered in their order`() throws {
    let stage = try Stage(replicas: 3)
    let connection = try stage.connect()
    let targets = ["/delay/100ms"] + (1...9).map { "/bytes/\($0)" } + ["/getInfo"]
    try connection.send(
      targets.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
    #expect(try connection.answer().text == #"{"delayed_ms":100}"#)
    for length in 1...9 { #expect(try connection.answer().body.count == length) }
    // The eleventh turn.
    #expect(try connection.answer().port == stage.names[1])
  }

  @Test func `pipelined requests with bodies are told apart`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    let post = "POST /echo HTTP/1.1\r\nHost: test\r\n"
    try connection.send(
      post + "Content-Length: 5\r\n\r\nfirst"
        + post + "Transfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n0\r\n\r\n"
        + post + "Content-Length: 5\r\n\r\nthird")
    for text in ["first", "second", "third"] {
      #expect(try connection.answer().text.hasSuffix("\r\n\r\n\(text)"))
    }
  }

  @Test func `a client that asks for the end gets it after its answer`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    let answer = try connection.get("/getInfo", "Connection: close\r\n")
    #expect(answer.status == 200 && answer["connection"] == "close")
    #expect(try connection.isOver())
  }

  @Test func `with half_close a client that ends its sending still gets its answer`() throws {
    let stage = try Stage(replicas: 1, lbd: "half_close = on")
    let connection = try stage.connect()
    try connection.send("GET /delay/50ms HTTP/1.1\r\nHost: test\r\n\r\n")
    connection.endSending()
    #expect(try connection.answer().status == 200)
    #expect(try connection.isOver())
  }

  @Test func `a client that leaves takes its request from the replica`() throws {
    let stage = try Stage(replicas: 1)
    do {
      let connection = try stage.connect()
      try connection.send("GET /delay/30s HTTP/1.1\r\nHost: test\r\n\r\n")
      try stage.awaitPool("it is in flight") { $0[0].active == 1 }
      connection.resetOnClose()
    }
    try stage.awaitPool("it is not") { $0[0].active == 0 }
  }
}
