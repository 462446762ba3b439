// systemd's journal, spoken directly (the native protocol): an entry is fields with names, not a line
// that has to be taken apart again.

import CLinux
import Glibc

/// Where the journal takes entries. Any thread may send; no call waits.
package final class Journal: Sendable {
  /// What sending an entry came to.
  package enum Outcome: Sendable {
    case sent
    /// The journal is behind.
    case full
    /// Nobody takes it, or it is too long: say it another way.
    case refused
  }

  private let descriptor: Descriptor
  private let address: SocketAddress

  /// The journal, where standard error leads to it, as `JOURNAL_STREAM` says; nil elsewhere, also
  /// for a child whose standard error was led somewhere else.
  package convenience init?(environment: [String: String]) {
    guard let stream = environment["JOURNAL_STREAM"], Journal.leads(2, to: stream) else {
      return nil
    }
    self.init(path: "/run/systemd/journal/socket")
  }

  /// The journal that listens at a path.
  package init?(path: String) {
    let raw = socket(
      AF_UNIX,
      Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard raw >= 0 else { return nil }
    let descriptor = Descriptor(owning: raw)
    guard let address = SocketAddress(path: path) else { return nil }
    self.descriptor = descriptor
    self.address = address
  }

  /// Whether a descriptor is the file that `DEVICE:INODE` names.
  package static func leads(_ descriptor: Int32, to stream: String) -> Bool {
    var facts = stat()
    // Safe: the kernel writes one stat during the call only.
    guard unsafe fstat(descriptor, &facts) == 0 else { return false }
    return stream == "\(facts.st_dev):\(facts.st_ino)"
  }

  /// Sends one entry.
  /// - Parameter fields: names are of `A` to `Z`, digits and `_`, and begin with a letter.
  package func send(_ fields: [(name: String, value: String)]) -> Outcome {
    let bytes = Journal.encode(fields)
    // Found anew each time: a journal that was started again is another socket.
    // Safe: address and bytes are read by the kernel during the call only.
    let count = unsafe address.withKernelForm { target, length in
      unsafe bytes.withUnsafeBytes { source in
        unsafe sendto(
          descriptor.raw, source.baseAddress, source.count, Int32(MSG_NOSIGNAL), target, length)
      }
    }
    if count >= 0 { return .sent }
    return errno == EAGAIN ? .full : .refused
  }

  /// `NAME=value` and a line's end for each; a value of more lines has its length before it instead.
  package static func encode(_ fields: [(name: String, value: String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      bytes += name.utf8
      if value.utf8.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        let length = UInt64(value.utf8.count)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: length >> (shift * 8))) }
      } else {
        bytes.append(UInt8(ascii: "="))
      }
      bytes += value.utf8
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
