// The chunks that lbd makes itself, of a body whose replica ended it with the connection.

/// The writer of what stands around chunks (RFC 9112 §7.1).
package enum ChunkWriter {
  /// Writes the line before a chunk of `count` bytes. A count of 0 is the body's end.
  /// - Parameter owesEnd: the chunk before it lacks its end yet.
  package static func writeSize(_ count: Int, owesEnd: Bool, to writer: inout ByteWriter) {
    if owesEnd { writer.append("\r\n") }
    var shift = 60
    while shift > 0 && count >> shift == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(count >> shift & 15)
      writer.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
    writer.append(count == 0 ? "\r\n\r\n" : "\r\n")
  }
}
