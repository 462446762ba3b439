// curl as a client, with what it does by itself and what it can be told to do.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite(.waiting) struct PeerCurlTests {
  private static let size = 5_200_000
  /// Of so many letters, as `sha256sum` has it.
  private static let digest = "eca952d661011efbb5001bb3515e3e4173411292ed890015fd0013cba16fb065"
  private static let received = #"{"sha256":"\#(digest)","length":\#(size)}"#
  private static let hello = #"{"message":"hello","body":""}"#
  /// Has curl say how it went, after the answer.
  private static let result = ["-w", "\n%{http_code} %{http_version} %{num_connects}\n"]

  private func url(_ peers: UvicornStage, _ target: String) -> String {
    "http://127.0.0.1:\(peers.port)\(target)"
  }

  /// Runs curl, which must end well; what it prints.
  private func curl(_ arguments: String..., input: String = "/dev/null") throws -> String {
    let all = Self.result + arguments
    let outcome = try Peer.curl(all, input: input)
    #expect(outcome.status == 0, "curl \(arguments): \(outcome.error)")
    return outcome.output
  }

  /// A file of letters.
  private func letters(_ peers: UvicornStage) throws -> String {
    let path = peers.stage.directory + "/letters"
    try Data(Peer.letters(Self.size)).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `curl gets, posts and asks for the head alone`() throws {
    let peers = try UvicornStage()
    #expect(try curl(url(peers, "/json")) == Self.hello + "\n200 1.1 1\n")
    #expect(
      try curl("-d", "äöü", url(peers, "/json"))
        == #"{"message":"hello","body":"äöü"}"# + "\n200 1.1 1\n")
    let head = try curl("-I", url(peers, "/json"))
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(head.contains("content-length: 29\r\n") && head.hasSuffix("\r\n\r\n\n200 1.1 1\n"))
    #expect(try curl("-L", url(peers, "/json/")) == Self.hello + "\n200 1.1 1\n")
    #expect(try curl(url(peers, "/nothing")) == "\n204 1.1 1\n")
  }

  @Test(arguments: [[], ["-H", "Transfer-Encoding: chunked"]])
  func `curl uploads a file whole`(_ more: [String]) throws {
    let peers = try UvicornStage()
    let outcome = try Peer.curl(
      Self.result + more + ["-T", try letters(peers), url(peers, "/upload")])
    #expect(outcome.output == Self.received + "\n200 1.1 1\n", "\(outcome.error)")
  }

  @Test func `curl uploads in chunks what it reads as it goes`() throws {
    let peers = try UvicornStage()
    let output = try curl("-T", "-", url(peers, "/upload"), input: try letters(peers))
    #expect(output == Self.received + "\n200 1.1 1\n")
  }

  @Test func `curl that awaits 100 before its body is told to continue`() throws {
    let peers = try UvicornStage()
    // It would send on by itself only after the test has given up.
    let outcome = try Peer.curl([
      "-v", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "-T", try letters(peers),
      url(peers, "/upload"),
    ])
    #expect(outcome.status == 0 && outcome.output == Self.received)
    #expect(outcome.error.contains("< HTTP/1.1 100 Continue"))
  }

  @Test func `curl that awaits 100 hears a refusal and keeps its body`() throws {
    let peers = try UvicornStage()
    let output = try curl(
      "--expect100-timeout", "60", "-H", "Expect: 100-continue", "-T", try letters(peers),
      "-w", "\n%{http_code} %{size_upload}", url(peers, "/refuse"))
    #expect(output == "too much\n413 0")
  }

  @Test func `curl hears an answer that comes before its upload is over`() throws {
    let peers = try UvicornStage()
    for _ in 0..<5 {
      let output = try curl(
        "-H", "Expect:", "-T", "-", url(peers, "/refuse"), input: try letters(peers))
      #expect(output == "too much\n413 1.1 1\n")
    }
  }

  @Test func `curl downloads whole, by HTTP 1.1 and 1.0`() throws {
    let peers = try UvicornStage()
    let file = peers.stage.directory + "/download"
    for version in ["--http1.1", "--http1.0"] {
      let output = try curl(
        version, "-o", file, url(peers, "/download?size=\(Self.size)"))
      // lbd names its own version in each answer (RFC 9110 §2.5).
      #expect(output == "\n200 1.1 1\n")
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data(Peer.letters(Self.size)))
    }
    #expect(try curl("--http1.0", url(peers, "/json")) == Self.hello + "\n200 1.1 1\n")
    #expect(
      try curl("--http1.0", "-d", "x", url(peers, "/json")).hasSuffix(#""x"}"# + "\n200 1.1 1\n"))
  }

  // MARK: Other protocols

  @Test func `an offer of HTTP 2 that nginx passes over is answered by HTTP 1`() throws {
    let peers = try NginxStage()
    let output = try curl("--http2", "http://127.0.0.1:\(peers.port)/letters.txt")
    #expect(output == String(decoding: Peer.letters(100_000), as: UTF8.self) + "\n200 1.1 1\n")
  }

  @Test func `an offer of HTTP 2 to uvicorn is answered by HTTP 1`() throws {
    let peers = try UvicornStage()
    // With a body it is no offer that a replica could take up.
    #expect(try curl("--http2", "-d", "x", url(peers, "/json")).hasSuffix("\n200 1.1 1\n"))
    #expect(try curl("--http2", url(peers, "/json")) == Self.hello + "\n200 1.1 1\n")
  }

  @Test func `curl that is a trusted proxy says for whom it asks`() throws {
    let peers = try UvicornStage(sections: "[forward]\ntrusted_proxies = 127.0.0.1\n")
    let fields = ["-H", "X-Forwarded-For: 1.2.3.4", "-H", "X-Forwarded-Proto: https"]
    let by = Self.result + fields + [url(peers, "/request")]
    let plain = try Peer.curl(by).output
    #expect(plain.contains(#"["x-forwarded-for","1.2.3.4, 127.0.0.1"]"#), "\(plain)")
    #expect(plain.contains(#"["x-forwarded-proto","https"]"#), "\(plain)")
    let proxied = try Peer.curl(["--haproxy-protocol"] + by).output
    #expect(proxied.contains(#"["x-forwarded-for","1.2.3.4, 127.0.0.1"]"#), "\(proxied)")
  }

  @Test func `HTTP 2 without an offer is refused and ends nothing`() throws {
    let peers = try UvicornStage()
    let outcome = try Peer.curl(["--http2-prior-knowledge", url(peers, "/json")])
    #expect(outcome.status != 0 && outcome.output == "")
    #expect(try curl(url(peers, "/json")) == Self.hello + "\n200 1.1 1\n")
  }

  @Test func `curl that takes lbd for a proxy gets the answer of the replicas`() throws {
    let peers = try UvicornStage()
    let proxy = "http://127.0.0.1:\(peers.port)"
    let output = try curl("-x", proxy, "http://other.test/request?a=b")
    #expect(output.contains(#""url":"http://other.test/request?a=b""#))
    #expect(!output.contains("proxy-connection") && output.hasSuffix("\n200 1.1 1\n"))
  }

  @Test func `curl learns of an OPTIONS and of a path with dots what the app says`() throws {
    let peers = try UvicornStage()
    #expect(try curl("-X", "OPTIONS", url(peers, "/request")).contains(#""path":"/request""#))
    #expect(try curl("--path-as-is", url(peers, "/x/../json")).hasSuffix("\n404 1.1 1\n"))
    #expect(try curl("-X", "BREW", url(peers, "/json")).hasSuffix("\n405 1.1 1\n"))
  }

  // MARK: Many requests

  @Test func `curl asks again on the connection it has`() throws {
    let peers = try UvicornStage()
    let output = try curl(
      url(peers, "/json"), url(peers, "/nothing"), url(peers, "/raise"), url(peers, "/json"))
    let connects = output.matches(of: /\n(\d\d\d) 1\.1 (\d)\n/).map { "\($0.1) \($0.2)" }
    #expect(connects == ["200 1", "204 0", "500 0", "200 0"])
  }

  @Test func `hundreds of requests of curl at once are all answered`() throws {
    let peers = try UvicornStage(2)
    let output = try curl(
      "--parallel", "--parallel-max", "50", "--parallel-immediate", "-o", "/dev/null",
      url(peers, "/json?[1-300]"))
    #expect(output.matches(of: /\n200 1\.1 [01]\n/).count == 300)
    try peers.stage.awaitPool("each had its half") { $0.map(\.requests) == [150, 150] }
  }

  @Test func `curl sees chunks in normal form, and the trailer behind them`() throws {
    let chunks = "5;note=x\r\nfirst\r\n006\r\nsecond\r\n0\r\nX-Sum: 11\r\n\r\n"
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let base = "http://127.0.0.1:\(stage.mainPort)/"
    let raw = try curl("--raw", base)
    #expect(raw == "5\r\nfirst\r\n6\r\nsecond\r\n0\r\nX-Sum: 11\r\n\r\n\n200 1.1 1\n")
    #expect(try curl(base, base) == "firstsecond\n200 1.1 1\nfirstsecond\n200 1.1 0\n")
  }
}
