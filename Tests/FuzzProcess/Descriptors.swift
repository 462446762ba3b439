// Many descriptors at once over a Unix socket, which no program of ours would send.

import Glibc
import LinuxIO

/// Passes descriptors (SCM_RIGHTS).
enum Descriptors {
  /// Sends bytes, at least one, and with them so many duplicates of a descriptor, at most 253.
  @discardableResult
  static func pass(
    _ count: Int, of passed: Int32 = 0, with bytes: [UInt8], over socket: borrowing Descriptor
  ) -> Int {
    // A cmsghdr as cmsg(3) lays it out on 64 bits: its length in 8 bytes, level and type in 4 each, the data.
    var control: [UInt8] = []
    func append(_ value: UInt64, _ size: Int) {
      for index in 0..<size {
        control.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
      }
    }
    append(UInt64(16 + 4 * count), 8)
    append(UInt64(SOL_SOCKET), 4)
    append(UInt64(SCM_RIGHTS), 4)
    for _ in 0..<count { append(UInt64(passed), 4) }
    while control.count % 8 != 0 { control.append(0) }
    var data = bytes
    let raw = socket.raw
    // Safe: the kernel reads both arrays during the call only.
    return unsafe data.withUnsafeMutableBytes { data in
      unsafe control.withUnsafeMutableBytes { control in
        var piece = unsafe iovec(iov_base: data.baseAddress, iov_len: data.count)
        return unsafe withUnsafeMutablePointer(to: &piece) { piece in
          var message = unsafe msghdr()
          unsafe message.msg_iov = piece
          unsafe message.msg_iovlen = 1
          unsafe message.msg_control = control.baseAddress
          unsafe message.msg_controllen = control.count
          return unsafe sendmsg(raw, &message, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }
}
