// The probe's replica: answers whatever comes with the same bytes, one connection at a time.

import LinuxIO
import Plan

/// A replica on a thread of its own.
enum ReplicaThread {
  static let body = Array(#"{"message":"necessary info","port":"8081"}"#.utf8)
  private static let answer =
    Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n".utf8)
    + body

  /// Starts a replica and says where it is.
  static func start(slot: Int) throws -> Replica {
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!)
    let address = Socket.localAddress(listener)
    let number = listener.release()
    try Thread.start("replica-\(slot)") { serve(Descriptor(owning: number)) }.detach()
    return Replica(slot: slot, name: "replica \(slot)", address: address, weight: 1)
  }

  private static func serve(_ listener: consuming Descriptor) {
    while true {
      _ = listener.wait(until: .readable, milliseconds: -1)
      if case .accepted(let socket, _) = Socket.accept(listener) { serve(connection: socket) }
    }
  }

  /// A request is over when its last bytes are an empty line or the body of one of the trials.
  private static func serve(connection socket: borrowing Descriptor) {
    var request: [UInt8] = []
    while true {
      _ = socket.wait(until: .readable, milliseconds: -1)
      guard case .moved = socket.receive(appendingTo: &request, atMost: 16384) else { return }
      let text = String(decoding: request, as: UTF8.self)
      let isWhole =
        text.contains("hunked")
        ? text.hasSuffix("0\r\n\r\n")
        : text.contains("Content-Length") ? text.hasSuffix("hello") : text.hasSuffix("\r\n\r\n")
      guard isWhole else { continue }
      request = []
      guard case .moved = socket.send(answer.span) else { return }
    }
  }
}
