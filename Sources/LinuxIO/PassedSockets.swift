// The sockets that a service manager opened for this process, spoken directly: sd_listen_fds. With
// them an unprivileged lbd serves port 80, and the kernel's queue outlives the process.

import CLinux
import Glibc

/// The descriptors that came with `LISTEN_FDS`, in their order. Those that nobody takes are closed
/// with the value.
package struct PassedSockets: ~Copyable {
  /// One of them, by its number.
  package struct Entry: Sendable, Equatable {
    /// What `LISTEN_FDNAMES` calls it: the socket unit's name unless that says otherwise.
    package let name: String
    package let number: Int32
  }

  package private(set) var entries: [Entry]

  /// Takes over what was passed to this process, and unsets the variables, which say nothing to its
  /// children. Once, before other threads are started. Nil when the variables make no sense.
  package init?(environment: [String: String]) {
    let found = PassedSockets.parse(environment, process: getpid())
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) }
    guard let found else { return nil }
    entries = found
    for entry in found { _ = fcntl(entry.number, F_SETFD, FD_CLOEXEC) }
  }

  deinit {
    for entry in entries { _ = close(entry.number) }
  }

  /// What the variables say; nothing when they are another process's, nil when they are no numbers.
  static func parse(_ environment: [String: String], process: Int32) -> [Entry]? {
    guard let pid = environment["LISTEN_PID"], let count = environment["LISTEN_FDS"] else {
      return []
    }
    guard let pid = Int32(pid), let count = Int32(count), count >= 0, count < 1 << 16 else {
      return nil
    }
    guard pid == process else { return [] }
    let names = (environment["LISTEN_FDNAMES"] ?? "").split(
      separator: ":", omittingEmptySubsequences: false)
    return (0..<count).map { index in
      let name = Int(index) < names.count ? String(names[Int(index)]) : ""
      return Entry(name: name.isEmpty ? "unknown" : name, number: first + index)
    }
  }

  /// The number of the first (SD_LISTEN_FDS_START).
  private static var first: Int32 { 3 }

  /// Gives one to its next owner, as `Socket.listen` would have made it.
  package mutating func takeListener(_ entry: Entry) -> Descriptor {
    entries.removeAll { $0 == entry }
    let listener = Descriptor(owning: entry.number)
    _ = fcntl(listener.raw, F_SETFL, fcntl(listener.raw, F_GETFL) | O_NONBLOCK)
    Socket.tuneListener(listener)
    return listener
  }

  /// Why a descriptor is no TCP socket that listens, such as `is a datagram socket`; nil for one.
  package static func flaw(of entry: Entry) -> String? { flaw(of: entry.number) }

  /// The same of a descriptor that came in another way.
  package static func flaw(of descriptor: borrowing Descriptor) -> String? {
    flaw(of: descriptor.raw)
  }

  private static func flaw(of number: Int32) -> String? {
    guard fcntl(number, F_GETFD) >= 0 else { return "is not open" }
    guard let type = option(number, SO_TYPE) else { return "is no socket" }
    let family = option(number, SO_DOMAIN)
    guard family == AF_INET || family == AF_INET6 else { return "is no TCP socket" }
    guard type == Int32(SOCK_STREAM.rawValue) else { return "is a datagram socket" }
    guard option(number, SO_ACCEPTCONN) == 1 else { return "does not listen; Accept= must be no" }
    return nil
  }

  /// Where the socket is bound.
  package static func address(of entry: Entry) -> SocketAddress? {
    unsafe SocketAddress { unsafe getsockname(entry.number, $0, &$1) == 0 }
  }

  private static func option(_ number: Int32, _ name: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // Safe: the kernel writes one int during the call only.
    let result = unsafe getsockopt(number, SOL_SOCKET, name, &value, &length)
    return result == 0 ? value : nil
  }
}
