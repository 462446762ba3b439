// nginx as a replica: files, ranges, compression, and connections that it ends when it likes.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite(.waiting) struct PeerNginxTests {
  /// What lbd and the time of day add or change is left out.
  private func fields(_ answer: Answer) -> [Answer.Field] {
    answer.fields.filter { !["connection", "keep-alive", "date"].contains($0.name) }
      .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
  }

  @Test(arguments: [
    ("/letters", ""), ("/letters", "Range: bytes=0-99\r\n"),
    ("/letters", "Range: bytes=1000000-\r\n"), ("/letters", "Range: bytes=-1\r\n"),
    ("/letters", "Range: bytes=5000000-\r\n"), ("/letters.txt", "Accept-Encoding: gzip\r\n"),
    ("/no-such", ""), ("/put", ""), ("/nothing", ""), ("/unchanged", ""),
    ("/letters", "If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT\r\n"),
  ])
  func `an answer by way of lbd is nginx's own`(_ target: String, _ more: String) throws {
    let peers = try NginxStage()
    let own = try peers.connectDirectly().get(target, more)
    let connection = try peers.connect()
    for _ in 0..<2 {
      let passed = try connection.get(target, more)
      #expect(passed.status == own.status && passed.body == own.body)
      #expect(fields(passed) == fields(own))
    }
  }

  @Test func `a file of several megabytes arrives whole, and its ranges are cut right`() throws {
    let peers = try NginxStage()
    let connection = try peers.connect()
    let letters = Peer.letters(NginxStage.size)
    #expect(try connection.get("/letters").body == letters)
    let part = try connection.get("/letters", "Range: bytes=1000001-3000000\r\n")
    #expect(part.status == 206 && part.body == Array(letters[1_000_001...3_000_000]))
    #expect(part["content-range"] == "bytes 1000001-3000000/\(NginxStage.size)")
    let parts = try connection.get("/letters", "Range: bytes=0-3,26-29\r\n")
    #expect(parts.status == 206 && parts.text.components(separatedBy: "abcd").count == 3)
    #expect(parts["content-type"]?.hasPrefix("multipart/byteranges") == true)
    #expect(try connection.get("/letters", "Range: bytes=9999999-\r\n").status == 416)
    try connection.send("HEAD /letters HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answer(toHead: true)["content-length"] == "\(NginxStage.size)")
    #expect(try connection.get("/nothing").status == 204)
  }

  @Test func `a file that has not changed is 304 by its tag`() throws {
    let peers = try NginxStage()
    let connection = try peers.connect()
    let tag = try #require(try connection.get("/letters.txt")["etag"])
    let answer = try connection.get("/letters.txt", "If-None-Match: \(tag)\r\n")
    #expect(answer.status == 304 && answer["etag"] == tag)
    #expect(try connection.get("/letters.txt").body == Peer.letters(100_000))
  }

  private static let gzip = "gzip on; gzip_types text/plain; gzip_min_length 1; gzip_proxied any;"

  @Test func `what nginx compresses comes in chunks and unpacks to the file`() throws {
    let peers = try NginxStage(1, Self.gzip)
    let connection = try peers.connect()
    let packed = try connection.get("/letters.txt", "Accept-Encoding: gzip\r\n")
    #expect(packed["content-encoding"] == "gzip" && packed["transfer-encoding"] == "chunked")
    #expect(packed.body.count < 10_000 && packed.body.starts(with: [0x1F, 0x8B]))
    let file = peers.stage.directory + "/unpacked"
    let outcome = try Peer.curl([
      "--compressed", "-o", file, "http://127.0.0.1:\(peers.port)/letters.txt",
    ])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data(Peer.letters(100_000)))
    let plain = try connection.get("/letters.txt")
    #expect(plain["content-encoding"] == nil && plain.body == Peer.letters(100_000))
  }

  // MARK: Uploads

  @Test func `a file that is put is the file that is got`() throws {
    let peers = try NginxStage()
    let connection = try peers.connect()
    let letters = Peer.letters(3_000_000)
    let put = "PUT /put/file HTTP/1.1\r\nHost: test\r\n"
    try connection.send(put + "Content-Length: \(letters.count)\r\n\r\n")
    try connection.send(letters)
    #expect(try connection.answer().status == 201)
    #expect(try connection.get("/put/file").body == letters)
    try connection.send(put + "Transfer-Encoding: chunked\r\n\r\n")
    try connection.send("f4240\r\n")
    try connection.send(Array(letters.prefix(1_000_000)) + Array("\r\n0\r\n\r\n".utf8))
    #expect(try connection.answer().status == 204)
    #expect(try connection.get("/put/file").body == Array(letters.prefix(1_000_000)))
    try connection.send("DELETE /put/file HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answer().status == 204)
    #expect(try connection.get("/put/file").status == 404)
  }

  @Test(arguments: ["Content-Length: 50000000\r\n", "Transfer-Encoding: chunked\r\n"])
  func `an upload that is too large for nginx gets its 413`(_ framing: String) throws {
    let peers = try NginxStage()
    let connection = try peers.connect()
    try connection.send("PUT /put/large HTTP/1.1\r\nHost: test\r\n\(framing)\r\n")
    let chunk = Array("f4240\r\n".utf8) + Peer.letters(1_000_000) + [13, 10]
    // It takes 10 MB, and may have ended before all of these are gone.
    for _ in 0..<12 where (try? connection.send(chunk)) == nil { break }
    let answer = try connection.answer()
    #expect(answer.status == 413 && answer["connection"] == "close")
    #expect(answer.text.contains("nginx"))
    #expect(try peers.connect().get("/nothing").status == 204)
  }

  // MARK: Connections

  @Test func `a connection that nginx ends after three requests costs none`() throws {
    let peers = try NginxStage(1, "keepalive_requests 3;", lbd: "workers = 1")
    let connection = try peers.connect()
    let turns = try (0..<30).map { _ in try connection.get("/turn") }
    #expect(turns.allSatisfy { $0.status == 200 && $0["connection"] == nil })
    let numbers = turns.map { $0.text.split(separator: " ").last.map(String.init) }
    #expect(numbers == (0..<30).map { "\($0 % 3 + 1)" })
    #expect(Set(turns.map { $0.text.prefix { $0 != " " } }).count == 10)
    #expect(try peers.stage.replica(peers.ports[0]).retries == 0)
  }

  @Test(arguments: ["keepalive_requests 3;", "keepalive_timeout 0;", "keepalive_timeout 1ms;"])
  func `an nginx that ends connections early fails no request`(_ settings: String) throws {
    let peers = try NginxStage(1, settings)
    let statuses = try inParallel(4) { [port = peers.port] _ in
      let connection = try Connection(port: port)
      return try (0..<250).map { _ in try connection.get("/turn").status }
    }
    #expect(statuses.joined().allSatisfy { $0 == 200 })
  }

  @Test func `a body that ends with nginx's connection arrives whole`() throws {
    // Without chunks, what is compressed on the fly has no other end.
    let peers = try NginxStage(1, Self.gzip + "chunked_transfer_encoding off;")
    let own = try peers.connectDirectly().get("/letters.txt", "Accept-Encoding: gzip\r\n")
    let connection = try peers.connect()
    let answer = try connection.get("/letters.txt", "Accept-Encoding: gzip\r\n")
    #expect(answer["transfer-encoding"] == "chunked" && answer["content-length"] == nil)
    #expect(try connection.get("/nothing").status == 204)
    #expect(answer.body == own.body && own.body.starts(with: [0x1F, 0x8B]))
  }

  @Test func `an nginx that reads its conf again fails no request`() throws {
    let peers = try NginxStage(2)
    let load = try Load(port: peers.port, target: "/turn")
    try load.awaitAnswers(500)
    for _ in 0..<3 {
      try peers.reload()
      try load.awaitAnswers(100)
    }
    #expect(load.stop() == [])
  }

  @Test(arguments: ["v1", "v2"])
  func `nginx learns by the PROXY protocol who the client is`(_ version: String) throws {
    let peers = try NginxStage(
      1, #"location = /who { return 200 "$proxy_protocol_addr $proxy_protocol_port"; }"#,
      listen: "proxy_protocol", sections: "[forward]\nproxy_protocol = \(version)\n")
    for _ in 0..<3 {
      let connection = try peers.connect()
      for _ in 0..<2 {
        #expect(try connection.get("/who").text == "127.0.0.1 \(connection.port)")
      }
    }
    #expect(try peers.connect().get("/letters.txt").body == Peer.letters(100_000))
  }
}
