// Descriptors that go from one process to another over a Unix socket (SCM_RIGHTS).

import CLinux
import Glibc

extension Descriptor {
  /// Sends bytes, at least one, and with them a second descriptor, of which the peer gets a duplicate.
  package func send(_ bytes: Span<UInt8>, passing: borrowing Descriptor) -> TransferOutcome {
    let number = passing.raw
    // Safe: the kernel reads the span's bytes during the call only; a stream needs no address.
    let count = unsafe bytes.withUnsafeBytes { source in
      unsafe lbd_send_descriptor(raw, nil, 0, source.baseAddress, source.count, number)
    }
    return count >= 0 ? .moved(count) : .refused(errno)
  }

  /// Receives at most `limit` bytes behind those of an array, and a descriptor if one came along. One at
  /// most: where a second comes, with it or later, both are closed and the call fails with `EPROTO`.
  package func receive(
    appendingTo bytes: inout [UInt8], atMost limit: Int, passed: inout Descriptor?
  ) -> TransferOutcome {
    var count = 0
    var code: Int32 = 0
    var number: Int32 = -1
    let piece = unsafe [UInt8](unsafeUninitializedCapacity: limit) { space, length in
      // Safe: the kernel writes at most `limit` bytes into the space, and `length` says how much.
      count = unsafe lbd_receive_descriptor(raw, space.baseAddress, limit, &number)
      code = errno
      length = max(0, count)
    }
    bytes += piece
    if number >= 0 {
      let surplus = Descriptor(owning: number)
      guard passed == nil else {
        _ = passed.take()
        return .failed(EPROTO)
      }
      passed = consume surplus
    }
    if count < 0 && code == EPROTO { _ = passed.take() }
    if count > 0 { return .moved(count) }
    return count == 0 ? .ended : .refused(code)
  }
}
