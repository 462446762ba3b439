// A replica that is slow to read is no replica that is gone.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct SlowReaderTests {
  /// Accepts, and reads nothing for a while: its kernel's buffers fill and its window closes.
  private static func lateReader() throws -> (port: UInt16, accepted: Counter) {
    guard let address = SocketAddress(ip: "127.0.0.1", port: 0) else {
      throw TestFailure("no address")
    }
    let listener = try Socket.listen(address)
    let port = Socket.localAddress(listener)?.port ?? 0
    let accepted = Counter()
    let raw = listener.release()
    try Thread.start("late") {
      let listener = Descriptor(owning: raw)
      while listener.wait(until: .readable, milliseconds: 5000) == .ready {
        guard case .accepted(let descriptor, _) = Socket.accept(listener) else { continue }
        accepted.add()
        let connection = Connection(descriptor)
        Clock.sleep(milliseconds: 900)
        guard let request = try? connection.request() else { continue }
        try? connection.send(
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
            + String("\(request.utf8.count)".prefix(5)))
      }
    }.detach()
    return (port, accepted)
  }

  /// What fits lbd's own socket, and does not fit the replica's closed window.
  @Test(arguments: ["POST", "PUT"])
  func `a replica that reads an upload late is not taken for one that is gone`(
    _ method: String
  ) throws {
    let size = 3_000_000
    let late = try Self.lateReader()
    let stage = try Stage()
    try stage.writeConf(
      ports: [late.port], health: "check = off\n", sections: "[timeouts]\nconnect = 200ms\n")
    try stage.launch()
    let client = try stage.connect()
    try client.send("\(method) / HTTP/1.1\r\nHost: test\r\nContent-Length: \(size)\r\n\r\n")
    try client.send([UInt8](repeating: 0x61, count: size))
    #expect(try client.answer().status == 200)
    #expect(try stage.pool()[0].state == .up && late.accepted.value == 1)
  }
}
