// Whether a port can be had, who has it, and what is connected to it.

import Glibc
import LinuxIO

/// Questions about addresses of this machine.
enum Ports {
  /// Whether anybody listens there. Takes a connection for a moment, as a probe does.
  static func isAnswering(_ host: String, _ port: UInt16) -> Bool {
    guard let address = SocketAddress.resolve(host, port: port).first else { return false }
    switch Socket.connect(address) {
    case .connected: return true
    case .failed: return false
    case .connecting(let socket):
      return socket.wait(until: .writable, milliseconds: 200) == .ready && Socket.error(socket) == 0
    }
  }

  /// Why nobody could listen there, found out by trying; nil when one can.
  static func obstacle(_ host: String, _ port: UInt16) -> SystemError? {
    // A name that does not resolve is for the program itself to tell of.
    guard let address = SocketAddress.resolve(host, port: port).first else { return nil }
    do throws(SystemError) {
      _ = try Socket.listen(address, backlog: 1)
      return nil
    } catch {
      return error
    }
  }

  /// `python3 (pid 123)`, or `another process` where this user may not know.
  static func holder(of port: UInt16) -> String {
    for entry in TCPEntry.all() where entry.isListening && entry.localPort == port {
      guard let pid = ProcessTable.holder(ofSocket: entry.inode) else { continue }
      return "\(ProcessTable.name(of: pid) ?? "a process") (pid \(pid))"
    }
    return "another process"
  }

  /// How many connections from here to such a port stand.
  static func connections(to port: UInt16) -> Int {
    TCPEntry.all().count { $0.isEstablished && $0.remotePort == port }
  }
}
