// uvicorn with a FastAPI app as a replica.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite(.waiting) struct PeerUvicornTests {
  private static let size = 5_000_000
  /// Of so many letters, as `sha256sum` has it.
  private static let digest = "ff0de71979e4fd53d9972d09afe711b5793a55067d18b4e81a16867d61652376"

  private struct Upload: Decodable, Equatable {
    let sha256: String
    let length: Int
  }

  @Test func `a GET gets the app's answer, and HEAD its fields alone`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    let answer = try connection.get("/json")
    #expect(answer.status == 200 && answer.text == #"{"message":"hello","body":""}"#)
    #expect(answer["content-type"] == "application/json" && answer["server"] == "uvicorn")
    try connection.send("HEAD /json HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try connection.answer(toHead: true)
    #expect(head.status == 200 && head["content-length"] == "\(answer.body.count)")
    #expect(try connection.post("/json", "äöü").text.contains(#""body":"äöü""#))
  }

  @Test func `an answer without a body leaves the connection to the next`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    for _ in 0..<2 {
      #expect(try connection.get("/nothing").status == 204)
      let answer = try connection.get("/unchanged", "If-None-Match: \"one\"\r\n")
      #expect(answer.status == 304 && answer["etag"] == "\"one\"")
    }
    #expect(try connection.get("/no-such").text == #"{"detail":"Not Found"}"#)
  }

  // MARK: Bodies

  @Test(arguments: ["POST", "PUT"]) func `an upload of known length arrives whole`(
    _ method: String
  ) throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    let body = Peer.letters(Self.size)
    try connection.send(
      "\(method) /upload HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.count)\r\n\r\n")
    try connection.send(body)
    #expect(try upload(connection.answer()) == Upload(sha256: Self.digest, length: Self.size))
    #expect(try connection.get("/json").status == 200)
  }

  @Test func `an upload in chunks arrives whole`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    let body = Peer.letters(Self.size)
    try connection.send("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    var (begin, step) = (0, 1)
    while begin < body.count {
      // From a byte to a good deal more than a buffer.
      let end = min(begin + step, body.count)
      try connection.send("\(String(end - begin, radix: 16))\r\n")
      try connection.send(Array(body[begin..<end]) + [13, 10])
      (begin, step) = (end, step < 100_000 ? step * 2 : 1)
    }
    try connection.send("0\r\n\r\n")
    #expect(try upload(connection.answer()) == Upload(sha256: Self.digest, length: Self.size))
    #expect(try connection.get("/json").status == 200)
  }

  private func upload(_ answer: Answer) throws -> Upload {
    try JSONDecoder().decode(Upload.self, from: Data(answer.body))
  }

  @Test func `a streamed download arrives whole, in chunks`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    let answer = try connection.get("/download?size=\(Self.size)")
    #expect(answer["transfer-encoding"] == "chunked" && answer["content-length"] == nil)
    #expect(answer.body == Peer.letters(Self.size))
    #expect(try connection.get("/json").status == 200)
  }

  @Test func `a streamed download to HTTP 1.0 arrives whole and without chunks`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    try connection.send("GET /download?size=\(Self.size) HTTP/1.0\r\nHost: test\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer["transfer-encoding"] == nil && answer["connection"] == "close")
    #expect(answer.body == Peer.letters(Self.size))
  }

  @Test func `an app that answers before an upload has come is heard at once`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    try connection.send(
      "POST /refuse HTTP/1.1\r\nHost: test\r\nContent-Length: \(Self.size)\r\n\r\n")
    try connection.send(Peer.letters(1_000_000))
    let answer = try connection.answer()
    #expect(answer.status == 413 && answer.text == "too much")
    // The rest is taken, or the end was announced.
    if answer["connection"] != "close" {
      try connection.send(Peer.letters(Self.size - 1_000_000))
      #expect(try connection.get("/json").status == 200)
    }
    #expect(try peers.connect().get("/json").status == 200)
  }

  // MARK: Failures

  @Test(arguments: ["GET", "POST"]) func `a handler that raises is 500, once`(
    _ method: String
  ) throws {
    let peers = try UvicornStage(2)
    let connection = try peers.connect()
    try connection.send("\(method) /raise HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer.status == 500 && answer.text == "Internal Server Error")
    #expect(try peers.ports.map { try peers.seen(at: $0).raised }.sorted() == [0, 1])
    #expect(try peers.stage.pool().allSatisfy { $0.state == .up })
    #expect(try connection.get("/json").status == 200)
  }

  @Test func `a stream whose app fails midway is visibly cut`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    try connection.send("GET /broken HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answerHead().status == 200)
    #expect(try connection.chunk() == Array("first half".utf8))
    #expect(throws: (any Error).self) { try connection.chunk() }
    #expect(connection.end != nil)
    #expect(try peers.connect().get("/json").status == 200)
  }

  // MARK: Fields

  private struct Request: Decodable {
    let path: String
    let query: String
    let url: String
    let client: [Client]
    let fields: [[String]]

    enum Client: Decodable, Equatable {
      case address(String)
      case port(Int)

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        self = try (try? .port(value.decode(Int.self))) ?? .address(value.decode(String.self))
      }
    }

    subscript(_ name: String) -> [String] { fields.filter { $0[0] == name }.map { $0[1] } }
  }

  @Test func `the app sees who asked, for which host and for what`() throws {
    let peers = try UvicornStage(1, ["--forwarded-allow-ips", "*"])
    let request: Request = try peers.ask(
      "/request?a=%C3%A4&b=x+y&c", "X-Forwarded-For: 10.0.0.1\r\nX-Mine: 1\r\nX-Mine: 2\r\n")
    #expect(request.path == "/request" && request.query == "a=%C3%A4&b=x+y&c")
    #expect(request["host"] == ["test"] && request.url.hasPrefix("http://test/request?"))
    #expect(request["x-forwarded-for"] == ["127.0.0.1"])
    #expect(request["x-forwarded-proto"] == ["http"] && request["x-forwarded-host"] == ["test"])
    #expect(request["via"].count == 1 && request["via"][0].hasPrefix("1.1 lbd-"))
    #expect(request["x-mine"] == ["1", "2"])
    #expect(request["x-request-id"].count == 1 && request["x-request-id"][0].count == 32)
    #expect(request["connection"] == [])
    // uvicorn takes the address from X-Forwarded-For, without a port.
    #expect(request.client == [.address("127.0.0.1"), .port(0)])
    let next: Request = try peers.ask("/request")
    #expect(next["x-request-id"] != request["x-request-id"])
  }

  @Test func `a redirect and two cookies of the app reach the client as they are`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    let moved = try connection.get("/json/")
    #expect(moved.status == 307 && moved["location"] == "http://test/json")
    let cookies = try connection.get("/cookies").fields.filter { $0.name == "set-cookie" }
    #expect(cookies.map { $0.value.prefix { $0 != ";" } } == ["first=1", "second=2"])
  }

  // MARK: Connections

  @Test func `the requests of many clients share a connection`() throws {
    let peers = try UvicornStage(
      1, ["--no-proxy-headers", "--timeout-keep-alive", "60"], lbd: "workers = 1")
    var clients: [[Request.Client]] = []
    for _ in 0..<10 {
      let connection = try peers.connect()
      for target in ["/json", "/nothing", "/download?size=100000", "/no-such", "/unchanged"] {
        _ = try connection.get(target)
      }
      let request: Request = try peers.ask("/request")
      clients.append(request.client)
    }
    #expect(clients.allSatisfy { $0 == clients[0] }, "\(clients)")
  }

  @Test func `a uvicorn that closes what is idle at once fails no request`() throws {
    let peers = try UvicornStage(1, ["--timeout-keep-alive", "0"])
    let statuses = try inParallel(4) { [port = peers.port] _ in
      let connection = try Connection(port: port)
      return try (0..<100).map { _ in try connection.get("/json").status }
    }
    #expect(statuses.joined().allSatisfy { $0 == 200 }, "\(statuses)")
  }

  @Test func `a uvicorn that is stopped and started again fails no request`() throws {
    let peers = try UvicornStage(2)
    let load = try Load(port: peers.port, target: "/json")
    try load.awaitAnswers(200)
    for port in peers.ports {
      #expect(try peers.stopUvicorn(port, by: 15) == 0)
      try load.awaitAnswers(50)
      try peers.startUvicorn(port)
      try peers.awaitUp()
      try load.awaitAnswers(50)
    }
    #expect(load.stop() == [])
  }
}
