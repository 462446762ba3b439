// What a byte may be on the wire, as the RFCs' grammars say. Each question is two instructions.

/// The classes of bytes that RFC 9110 and RFC 9112 name.
package enum ByteClass {
  package static var cr: UInt8 { 13 }
  package static var lf: UInt8 { 10 }
  package static var space: UInt8 { 32 }
  package static var tab: UInt8 { 9 }
  package static var colon: UInt8 { 58 }

  /// `tchar` (RFC 9110 §5.6.2): what a method or a field name is made of.
  @inline(__always)
  package static func isToken(_ byte: UInt8) -> Bool {
    has(byte, low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
  }

  /// `field-vchar`, SP and HTAB (RFC 9110 §5.5): what a field value is made of. obs-text passes.
  @inline(__always)
  package static func isFieldValue(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7F || byte == tab
  }

  /// Visible ASCII but `#`: what a request target may hold here. RFC 3986 has less, browsers send
  /// more than it has; a fragment is never sent (RFC 9112 §3.2), and some cut a target at it.
  @inline(__always)
  package static func isTarget(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != 0x23
  }

  /// `unreserved` and `sub-delims`: what a host's name is made of, beside escapes (RFC 3986 §3.2.2).
  @inline(__always)
  package static func isName(_ byte: UInt8) -> Bool {
    has(byte, low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
  }

  /// SP and HTAB.
  @inline(__always)
  package static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  @inline(__always)
  package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// The value of a hexadecimal digit, or nil.
  @inline(__always)
  package static func hexValue(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30
    case 0x41...0x46: Int(byte) - 0x37
    case 0x61...0x66: Int(byte) - 0x57
    default: nil
    }
  }

  @inline(__always)
  private static func has(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
    let mask = byte < 64 ? low : high
    return byte < 128 && mask &>> UInt64(byte & 63) & 1 == 1
  }
}
