// Python's own clients and the websockets package as clients, and its simplest server as a replica.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct PeerPythonTests {
  private struct Kept: Decodable {
    let results: [Result]
    let same: Bool

    struct Result: Decodable, Equatable, CustomStringConvertible {
      let description: String

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        let method = try values.decode(String.self)
        description = try "\(method) \(values.decode(Int.self)) \(values.decode(Int.self))"
      }
    }
  }

  @Test func `http.client sends eight requests on one connection`() throws {
    let peers = try UvicornStage()
    let kept: Kept = try Peer.client("kept", port: peers.port)
    #expect(
      kept.results.map(\.description) == [
        "GET 200 29", "HEAD 200 0", "POST 200 129", "GET 204 0", "GET 304 0", "GET 200 100000",
        "GET 404 22", "GET 200 29",
      ])
    #expect(kept.same)
  }

  private struct Upload: Decodable {
    let sha256: String
    let length: Int
  }

  @Test func `http.client uploads in chunks`() throws {
    let peers = try UvicornStage()
    let upload: Upload = try Peer.client("chunks", port: peers.port)
    // As `sha256sum` has it.
    #expect(
      upload.sha256 == "eca952d661011efbb5001bb3515e3e4173411292ed890015fd0013cba16fb065"
        && upload.length == 5_200_000)
  }

  private struct Opened: Decodable {
    let final: String
    let message: String
    let posted: String
    let status: Int
  }

  @Test func `urllib follows a redirect, posts and is told of a failure`() throws {
    let peers = try UvicornStage()
    let opened: Opened = try Peer.client("opened", port: peers.port)
    #expect(opened.final == "http://127.0.0.1:\(peers.port)/json" && opened.message == "hello")
    #expect(opened.posted == "posted" && opened.status == 500)
  }

  private struct Conversation: Decodable {
    let text: String
    let whole: Bool
    let fragments: Int
    let inOrder: Bool
    let subprotocol: String
    let code: Int
  }

  @Test func `websockets echoes a megabyte, fragments and many messages, and closes`() throws {
    let peers = try UvicornStage()
    let talk: Conversation = try Peer.client("websocket", port: peers.port)
    #expect(talk.text == "text äöü" && talk.whole && talk.fragments == 2600 && talk.inOrder)
    #expect(talk.subprotocol == "one" && talk.code == 1000)
    try peers.awaitSeen("the code") { $0.closes == [1000] }
    try peers.stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  private struct Closed: Decodable {
    let code: Int
  }

  @Test func `websockets hears the code that the app closes with`() throws {
    let peers = try UvicornStage()
    let closed: Closed = try Peer.client("websocket-closed", port: peers.port)
    #expect(closed.code == 4002)
  }

  // MARK: A replica of HTTP/1.0

  @Test func `a server that speaks HTTP 1.0 only serves clients that keep connections`() throws {
    let python = try Peer.program("/usr/bin/python3", package: "python3")
    let stage = try Stage()
    let port = try stage.reservePort()
    let letters = Peer.letters(1_000_000)
    for (name, bytes) in [("letters", letters), ("health", [])] {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(stage.directory)/\(name)"))
    }
    let server = try Child(
      python,
      ["-I", "-m", "http.server", "\(port)", "-b", "127.0.0.1", "-d", stage.directory],
      log: stage.directory + "/server")
    try stage.writeConf(ports: [port])
    try stage.launch()
    try stage.awaitPool("it is up: \(server.error)") {
      server.isRunning && $0.allSatisfy { $0.state == .up }
    }
    let connection = try stage.connect()
    for _ in 0..<5 {
      let answer = try connection.get("/letters")
      #expect(answer.status == 200 && answer.body == letters && answer["connection"] == nil)
      #expect(answer["server"]?.hasPrefix("SimpleHTTP") == true)
      // A list that it makes on the way.
      #expect(try connection.get("/").text.contains("<a href=\"letters\">letters</a>"))
      #expect(try connection.get("/no-such").status == 404)
    }
    #expect(try connection.post("/letters", "x").status == 501)
  }

  // MARK: Peers

  @Test func `a peer that is not there fails its test and is named by its package`() throws {
    let program = #expect(throws: TestFailure.self) {
      try Peer.program("/usr/bin/no-such", package: "no-such-light")
    }
    #expect(
      program?.description == "there is no /usr/bin/no-such: install Debian's no-such-light")
    let module = #expect(throws: TestFailure.self) { try Peer.findPython(with: "json", "no_such") }
    #expect(module?.description.hasPrefix("Python has no [\"python3-no_such\"]: install") == true)
  }
}
