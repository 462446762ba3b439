// What a daemon tells systemd, spoken directly: sd_notify's datagrams.

import CLinux
import Glibc

/// Where `NOTIFY_SOCKET` leads. Without that variable every call does nothing.
package struct ServiceManager: Sendable {
  private let address: SocketAddress?

  package init(environment: [String: String]) {
    address = environment["NOTIFY_SOCKET"].flatMap { SocketAddress(path: $0) }
  }

  /// Sends lines such as `READY=1`. Failure is of no use to anyone and ignored.
  package func notify(_ lines: String) {
    guard let address else { return }
    let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return }
    let descriptor = Descriptor(owning: raw)
    let bytes = Array(lines.utf8)
    // Safe: address and bytes are read by the kernel during the call only.
    unsafe address.withKernelForm { target, length in
      _ = unsafe bytes.withUnsafeBytes { source in
        unsafe sendto(
          descriptor.raw, source.baseAddress, source.count, Int32(MSG_NOSIGNAL), target,
          length)
      }
    }
  }
}
