// The PROXY header that lbd sends: first on a connection to a replica, saying who the client is.

/// A version of the PROXY protocol.
package enum ProxyVersion: Sendable {
  /// A line of text.
  case v1
  /// A block of bytes.
  case v2
}

extension ProxyHeader {
  /// Writes a header that names nobody: lbd itself asks, or the client has no IP address (§2.1
  /// `UNKNOWN`, §2.2 `LOCAL`).
  package static func writeUnstated(_ version: ProxyVersion, to writer: inout ByteWriter) {
    switch version {
    case .v1: writer.append("PROXY UNKNOWN\r\n")
    case .v2: writeStart(command: 0x20, family: 0, length: 0, to: &writer)
    }
  }

  /// Writes the line of version 1. Where one address is IPv6 and the other is not, that one is
  /// written as an IPv6 address, too.
  package static func write(
    v1 source: Span<UInt8>, _ destination: Span<UInt8>, ports: (UInt16, UInt16),
    to writer: inout ByteWriter
  ) {
    let isIPv6 =
      Text.contains(source, ByteClass.colon) || Text.contains(destination, ByteClass.colon)
    writer.append(isIPv6 ? "PROXY TCP6 " : "PROXY TCP4 ")
    write(source, asIPv6: isIPv6, to: &writer)
    write(destination, asIPv6: isIPv6, to: &writer)
    writer.append(decimal: Int(ports.0))
    writer.append(ByteClass.space)
    writer.append(decimal: Int(ports.1))
    writer.append("\r\n")
  }

  private static func write(
    _ address: Span<UInt8>, asIPv6: Bool, to writer: inout ByteWriter
  ) {
    if asIPv6 && !Text.contains(address, ByteClass.colon) { writer.append("::ffff:") }
    writer.append(address)
    writer.append(ByteClass.space)
  }

  /// Writes the block of version 2. Both addresses have 4 bytes, or both 16.
  package static func write(
    v2 source: Span<UInt8>, _ destination: Span<UInt8>, ports: (UInt16, UInt16),
    to writer: inout ByteWriter
  ) {
    let family: UInt8 = source.count == 4 ? 0x11 : 0x21
    writeStart(
      command: 0x21, family: family, length: source.count + destination.count + 4, to: &writer)
    writer.append(source)
    writer.append(destination)
    write(ports.0, to: &writer)
    write(ports.1, to: &writer)
  }

  private static func write(_ value: UInt16, to writer: inout ByteWriter) {
    writer.append(UInt8(value >> 8))
    writer.append(UInt8(value & 255))
  }

  private static func writeStart(
    command: UInt8, family: UInt8, length: Int, to writer: inout ByteWriter
  ) {
    for index in signature.indices { writer.append(signature[index]) }
    writer.append(command)
    writer.append(family)
    write(UInt16(length), to: &writer)
  }
}
