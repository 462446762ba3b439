// A listener that accepts nothing and whose queue is full: the kernel drops who comes next, as a
// host behind a closed firewall does.

import LinuxIO
import TestSupport

/// Holds the listener and the connections that fill its queue.
final class FullQueue {
  private let listener: Descriptor
  private var connections: [Connection] = []
  let port: UInt16

  init() throws {
    guard let address = SocketAddress(ip: "127.0.0.1", port: 0) else {
      throw TestFailure("no address")
    }
    listener = try Socket.listen(address, backlog: 1)
    port = Socket.localAddress(listener)?.port ?? 0
    // A queue of one takes two.
    while try fill() {
      guard connections.count < 8 else { throw TestFailure("the queue of \(port) does not fill") }
    }
  }

  /// False once the queue takes no more.
  private func fill() throws -> Bool {
    guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { return false }
    switch Socket.connect(address) {
    case .connected(let descriptor): connections.append(Connection(descriptor))
    case .connecting(let descriptor):
      guard descriptor.wait(until: .writable, milliseconds: 200) == .ready else { return false }
      connections.append(Connection(descriptor))
    case .failed(let code): throw SystemError("connect", code)
    }
    return true
  }
}
