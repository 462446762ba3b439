// An IP address in its bytes, and a range of them: what the conf's lists of networks are asked about.

import Glibc

/// An IPv4 or IPv6 address. 17 bytes.
package struct IPAddress: BitwiseCopyable, Sendable, Equatable {
  package let isIPv6: Bool
  /// As the wire has them: 16, or the first 4.
  package let bytes: InlineArray<16, UInt8>

  init(isIPv6: Bool, bytes: InlineArray<16, UInt8>) {
    self.isIPv6 = isIPv6
    self.bytes = bytes
  }

  /// From 4 or 16 bytes of the wire.
  package init(wire source: Span<UInt8>) {
    guard source.count == 4 || source.count == 16 else {
      fatalError("an IP address of \(source.count) bytes")
    }
    var bytes = InlineArray<16, UInt8>(repeating: 0)
    for index in source.indices { bytes[index] = source[index] }
    self.init(isIPv6: source.count == 16, bytes: bytes)
  }

  /// From text, `127.0.0.1` or `::1`; nil when it is neither. Never allocates.
  package init?(_ text: Span<UInt8>) {
    guard text.count < 64 else { return nil }
    var space = InlineArray<64, CChar>(repeating: 0)
    for index in text.indices {
      guard text[index] != 0 else { return nil }
      space[index] = CChar(bitPattern: text[index])
    }
    var bytes = InlineArray<16, UInt8>(repeating: 0)
    // Safe: the text ends with a zero, and 16 bytes hold either kind.
    let (isIPv4, isIPv6) = unsafe withUnsafeBytes(of: &space) { source in
      let start = unsafe source.baseAddress!.assumingMemoryBound(to: CChar.self)
      return unsafe withUnsafeMutableBytes(of: &bytes) { target in
        let isIPv4 = unsafe inet_pton(AF_INET, start, target.baseAddress) == 1
        let isIPv6 = unsafe !isIPv4 && inet_pton(AF_INET6, start, target.baseAddress) == 1
        return (isIPv4, isIPv6)
      }
    }
    guard isIPv4 || isIPv6 else { return nil }
    self.init(isIPv6: isIPv6, bytes: bytes)
  }

  /// Its 4 or 16 bytes.
  package var wire: Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(first: isIPv6 ? 16 : 4) }
  }

  /// An IPv4 address as IPv4, also where an IPv6 socket showed it (`::ffff:127.0.0.1`).
  package var unmapped: IPAddress {
    guard isIPv6 && bytes[10] == 0xFF && bytes[11] == 0xFF else { return self }
    for index in 0..<10 where bytes[index] != 0 { return self }
    var four = InlineArray<16, UInt8>(repeating: 0)
    for index in 0..<4 { four[index] = bytes[12 + index] }
    return IPAddress(isIPv6: false, bytes: four)
  }

  /// 127.0.0.0/8 or ::1: whoever has it is on this machine.
  package var isLoopback: Bool {
    let address = unmapped
    guard address.isIPv6 else { return address.bytes[0] == 127 }
    for index in 0..<15 where address.bytes[index] != 0 { return false }
    return address.bytes[15] == 1
  }

  /// The reverse: an IPv4 address as IPv6 shows it.
  package var mapped: IPAddress {
    guard !isIPv6 else { return self }
    var six = InlineArray<16, UInt8>(repeating: 0)
    (six[10], six[11]) = (0xFF, 0xFF)
    for index in 0..<4 { six[12 + index] = bytes[index] }
    return IPAddress(isIPv6: true, bytes: six)
  }

  package static func == (left: IPAddress, right: IPAddress) -> Bool {
    left.isIPv6 == right.isIPv6
      && left.bytes.indices.allSatisfy { left.bytes[$0] == right.bytes[$0] }
  }
}

/// The addresses that begin with the same bits (RFC 4632 §3.1).
package struct Network: Sendable, Equatable {
  private let start: IPAddress
  private let prefix: Int

  /// - Parameter prefix: how many bits they share, at most 32 or 128.
  package init(_ start: IPAddress, prefix: Int) {
    // Clients that an IPv6 socket shows as ::ffff:127.0.0.1 are compared as IPv4.
    let isMapped = start.isIPv6 && !start.unmapped.isIPv6 && prefix >= 96
    self.start = isMapped ? start.unmapped : start
    self.prefix = isMapped ? prefix - 96 : prefix
  }

  package func contains(_ address: IPAddress) -> Bool {
    guard address.isIPv6 == start.isIPv6 else { return false }
    var left = prefix
    for index in address.bytes.indices where left > 0 {
      let mask = left >= 8 ? 0xFF : ~(0xFF as UInt8 >> UInt8(left))
      guard address.bytes[index] & mask == start.bytes[index] & mask else { return false }
      left -= 8
    }
    return true
  }
}
