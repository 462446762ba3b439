// What a daemon tells systemd, spoken directly: sd_notify's datagrams, and the sockets that it holds.

import CLinux
import Glibc

/// Where `NOTIFY_SOCKET` leads. Without that variable every call does nothing.
package struct ServiceManager: Sendable {
  private let address: SocketAddress?

  package init(environment: [String: String]) {
    address = environment["NOTIFY_SOCKET"].flatMap { SocketAddress(path: $0) }
  }

  /// There is one.
  package var isThere: Bool { address != nil }

  /// Sends lines such as `READY=1`. Failure is of no use to anyone and ignored.
  package func notify(_ lines: String) {
    unsafe send(lines) { descriptor, bytes, target, length in
      _ = unsafe sendto(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), target, length)
    }
  }

  /// Has the manager hold a duplicate of a socket that listens until the service is stopped, so that
  /// connections wait while it starts again. The next process is passed it by this name.
  package func keep(_ listener: borrowing Descriptor, as name: String) {
    let number = listener.raw
    unsafe send("FDSTORE=1\nFDNAME=\(name)") { descriptor, bytes, target, length in
      _ = unsafe lbd_send_descriptor(
        descriptor, target, length, bytes.baseAddress, bytes.count, number)
    }
  }

  /// Has the manager close the sockets that it holds by this name.
  package func release(_ name: String) {
    notify("FDSTOREREMOVE=1\nFDNAME=\(name)")
  }

  /// Waits until the manager has done what it was told before, so long at most: it closes the end of a
  /// pipe that it is sent (sd_notify_barrier). False when it has not in time.
  @discardableResult
  package func settle(milliseconds: Int) -> Bool {
    var ends: [Int32] = [-1, -1]
    // Safe: the kernel writes both numbers during the call only.
    guard address != nil, unsafe pipe2(&ends, Int32(O_CLOEXEC)) == 0 else { return false }
    let reading = Descriptor(owning: ends[0])
    let number = ends[1]
    unsafe send("BARRIER=1") { descriptor, bytes, target, length in
      _ = unsafe lbd_send_descriptor(
        descriptor, target, length, bytes.baseAddress, bytes.count, number)
    }
    _ = close(number)
    return reading.wait(until: .readable, milliseconds: milliseconds) == .ready
  }

  private func send(
    _ lines: String,
    _ call: (Int32, UnsafeRawBufferPointer, UnsafePointer<sockaddr>, socklen_t) -> Void
  ) {
    guard let address else { return }
    let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return }
    let descriptor = Descriptor(owning: raw)
    // A manager that stands still must not stop this thread, too.
    var patience = timeval(tv_sec: 0, tv_usec: 100_000)
    _ = unsafe setsockopt(
      raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let bytes = Array(lines.utf8)
    // Safe: address and bytes are read by the kernel during the call only.
    unsafe address.withKernelForm { target, length in
      unsafe bytes.withUnsafeBytes { unsafe call(descriptor.raw, $0, target, length) }
    }
  }
}
