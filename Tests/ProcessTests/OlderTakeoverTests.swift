// An lbd of an older release, whose takeover has no promise, takes over from this one and is taken over.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct OlderTakeoverTests {
  /// What an lbd of an older release does with the one connection of the next lbd.
  private struct OlderLbd: ~Copyable {
    static let orders = "lbd-state 1\norder 8081 drain\nend\n"
    let control: Descriptor
    let listener: Descriptor
    private(set) var asked: [String] = []

    init(_ stage: Stage) throws {
      let path = try #require(SocketAddress(path: stage.socketPath))
      let place = try #require(SocketAddress(ip: "127.0.0.1", port: stage.mainPort))
      let control = try Socket.listen(path)
      let listener = try Socket.listen(place)
      self.control = control
      self.listener = listener
    }

    /// Answers until the next lbd has told that it serves.
    /// - Parameter last: the status of the answer to that.
    mutating func follow(answering last: Int) throws {
      guard control.wait(until: .readable, milliseconds: 30_000) == .ready,
        case .accepted(let next, _) = Socket.accept(control)
      else { throw TestFailure("nobody takes over") }
      var bytes: [UInt8] = []
      while asked.last != ControlPath.takeoverDone {
        guard next.wait(until: .readable, milliseconds: 30_000) == .ready,
          case .moved = next.receive(appendingTo: &bytes, atMost: 4096)
        else { throw TestFailure("it asked no more than \(asked)") }
        let request = String(decoding: bytes, as: UTF8.self)
        guard request.hasSuffix("\r\n\r\n") else { continue }
        bytes = []
        asked.append("\(request.split(separator: " ")[1])")
        answer(next, last)
      }
    }

    private func answer(_ next: borrowing Descriptor, _ last: Int) {
      let status =
        switch asked.last {
        case ControlPath.takeover: 200
        case ControlPath.takeoverDone: last
        default: 404
        }
      let body = status == 200 ? OlderLbd.orders : "{\"detail\":\"no\"}"
      let text = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      if asked.count == 1 {
        _ = next.send(Array(text.utf8).span, passing: listener)
      } else {
        _ = next.send(Array(text.utf8).span)
      }
    }
  }

  @Test(arguments: [200, 409])
  func `an older lbd is asked for a promise, then told; its word decides`(_ status: Int) throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    var older = try OlderLbd(stage)
    let log = stage.directory + "/next"
    let next = try Apart([try Binaries.path("lbd"), "--takeover", "-c", stage.confPath], log: log)
    try older.follow(answering: status)
    let asked = older.asked
    #expect(
      asked == [ControlPath.takeover, ControlPath.takeoverReady, ControlPath.takeoverDone])
    guard status == 200 else {
      #expect(try next.exitStatus() == 1)
      #expect(next.log.contains("not taken over: it answered 409: no"), "\(next.log)")
      #expect(Files.isSocket(stage.socketPath))
      return
    }
    try eventually("it has the control socket: \(next.log)") {
      try stage.lbctl("health").status == 0
    }
    #expect(try stage.connect().get("/getInfo").status == 200)
    next.signal(SIGTERM)
    #expect(try next.exitStatus() == 0)
  }

  @Test func `a takeover told by an older lbd without a promise is one as well`() throws {
    let stage = try Stage(replicas: 1)
    let next = try Connection(try #require(SocketAddress(path: stage.socketPath)))
    #expect(try next.post(ControlPath.takeover, "").status == 200)
    #expect(try next.post(ControlPath.takeoverDone, "").status == 200)
    #expect(try stage.lbd?.exitStatus() == 0)
  }
}
