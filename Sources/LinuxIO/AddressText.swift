// A client's IP address in text, made once when its connection is accepted, since every request's
// head says it.

import Glibc

/// An IP address in text, held in place. 40 bytes.
package struct AddressText: BitwiseCopyable, Sendable, CustomStringConvertible {
  private var text: InlineArray<39, UInt8>
  private var count: UInt8

  /// Who is at the other end. IPv4 addresses seen through an IPv6 socket are written as IPv4. A path
  /// gives `unix`. Never allocates.
  package init(_ address: borrowing SocketAddress) {
    if let ip = address.ip {
      self.init(ip.unmapped)
    } else {
      self.init(word: "unix")
    }
  }

  private init(word: StaticString) {
    text = InlineArray(repeating: 0)
    count = UInt8(word.utf8CodeUnitCount)
    // Safe: the index is below the word's length.
    for index in 0..<Int(count) { text[index] = unsafe word.utf8Start[index] }
  }

  /// An address as it is. Never allocates.
  package init(_ ip: IPAddress) {
    text = InlineArray(repeating: 0)
    count = 0
    var bytes = ip.bytes
    var space = InlineArray<64, CChar>(repeating: 0)
    // Safe: 64 characters hold any address; the result ends with a zero.
    unsafe withUnsafeMutableBytes(of: &space) { target in
      _ = unsafe inet_ntop(
        ip.isIPv6 ? AF_INET6 : AF_INET, &bytes,
        target.baseAddress!.assumingMemoryBound(to: CChar.self), 64)
    }
    while Int(count) < 39 && space[Int(count)] != 0 {
      text[Int(count)] = UInt8(bitPattern: space[Int(count)])
      count += 1
    }
  }

  /// The text's bytes.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { text.span.extracting(first: Int(count)) }
  }

  package var description: String {
    String(decoding: (0..<Int(count)).map { text[$0] }, as: UTF8.self)
  }
}
