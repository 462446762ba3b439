// The calls that a proxied request costs: bytes from a socket into a buffer, and from a buffer
// to a socket. Each is one system call and answers with what happened.

import CLinux
import Glibc

/// What one attempt to move bytes came to.
package enum TransferOutcome: Equatable {
  /// This many bytes moved, at least one.
  case moved(Int)
  /// The kernel has nothing to give, or no room to take; an event will say when.
  case wouldBlock
  /// The peer ended its direction.
  case ended
  /// The connection is broken; the value is the `errno`.
  case failed(Int32)
}

extension Descriptor {
  /// Receives as much as fits behind the buffer's bytes. The buffer has space.
  @inline(__always)
  package func receive(into buffer: inout Buffer) -> TransferOutcome {
    // Safe: the kernel writes at most `space` bytes behind `end`.
    let count = unsafe lbd_recv(raw, buffer.block + buffer.end, buffer.space, Int32(MSG_DONTWAIT))
    if count > 0 {
      buffer.received(count)
      return .moved(count)
    }
    return count == 0 ? .ended : .refused(errno)
  }

  /// Receives at most `limit` bytes behind those of an array, which may grow: for the control
  /// thread, whose messages are few and small.
  package func receive(appendingTo bytes: inout [UInt8], atMost limit: Int) -> TransferOutcome {
    var count = 0
    var code: Int32 = 0
    let piece = unsafe [UInt8](unsafeUninitializedCapacity: limit) { space, length in
      // Safe: the kernel writes at most `limit` bytes into the space, and `length` says how much.
      count = unsafe recv(raw, space.baseAddress, limit, Int32(MSG_DONTWAIT))
      code = errno
      length = max(0, count)
    }
    bytes += piece
    if count > 0 { return .moved(count) }
    return count == 0 ? .ended : .refused(code)
  }

  /// Sends the buffer's bytes between two offsets. The bytes stay in the buffer.
  @inline(__always)
  package func send(_ buffer: borrowing Buffer, _ from: Int, _ to: Int) -> TransferOutcome {
    send(buffer.slice(from, to))
  }

  /// Sends bytes that lie anywhere.
  @inline(__always)
  package func send(_ bytes: Span<UInt8>) -> TransferOutcome {
    // Safe: the kernel reads the span's bytes during the call only.
    let count = unsafe bytes.withUnsafeBytes { source in
      unsafe lbd_send(
        raw, source.baseAddress, source.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    }
    return count >= 0 ? .moved(count) : .refused(errno)
  }

  /// Whether the peer has neither sent anything nor ended. One system call.
  @inline(__always)
  package var isSilent: Bool {
    var byte: UInt8 = 0
    // Safe: the kernel writes at most the one byte.
    let count = unsafe recv(raw, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    return count < 0 && errno == EAGAIN
  }

  /// Receives into bytes that lie anywhere, from their front, without waiting. There is at least one.
  package func receive(into bytes: inout MutableSpan<UInt8>) -> TransferOutcome {
    // Safe: the kernel writes at most the span's count, and bytes need no initialisation.
    let count = unsafe bytes.withUnsafeMutableBytes { target in
      unsafe recv(raw, target.baseAddress, target.count, Int32(MSG_DONTWAIT))
    }
    if count > 0 { return .moved(count) }
    return count == 0 ? .ended : .refused(errno)
  }
}

extension TransferOutcome {
  static func refused(_ code: Int32) -> TransferOutcome {
    code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
  }
}
