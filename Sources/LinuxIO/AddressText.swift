// A client's IP address in text, made once when its connection is accepted, since every request's
// head says it.

import Glibc

/// An IP address in text, held in place. 40 bytes.
package struct AddressText: BitwiseCopyable, Sendable {
  private var text: InlineArray<39, UInt8>
  private var count: UInt8

  /// IPv4 addresses seen through an IPv6 socket are written as IPv4. A path gives `unix`. Never
  /// allocates.
  package init(_ address: borrowing SocketAddress) {
    text = InlineArray(repeating: 0)
    count = 0
    var bytes = address.ipBytes
    var family = address.family
    guard family != AF_UNIX else {
      for byte in "unix".utf8 { append(byte) }
      return
    }
    if family == AF_INET6 && AddressText.isMapped(bytes) {
      family = AF_INET
      for index in 0..<4 { bytes[index] = bytes[12 + index] }
    }
    var space = InlineArray<64, CChar>(repeating: 0)
    // Safe: 64 characters hold any address; the result ends with a zero.
    unsafe withUnsafeMutableBytes(of: &space) { target in
      _ = unsafe inet_ntop(
        family, &bytes, target.baseAddress!.assumingMemoryBound(to: CChar.self), 64)
    }
    while Int(count) < 39 && space[Int(count)] != 0 {
      text[Int(count)] = UInt8(bitPattern: space[Int(count)])
      count += 1
    }
  }

  private mutating func append(_ byte: UInt8) {
    text[Int(count)] = byte
    count += 1
  }

  private static func isMapped(_ bytes: InlineArray<16, UInt8>) -> Bool {
    for index in 0..<10 where bytes[index] != 0 { return false }
    return bytes[10] == 0xFF && bytes[11] == 0xFF
  }

  /// The text's bytes.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { text.span.extracting(first: Int(count)) }
  }
}
