// The heads of replicad's answers.

import HTTPWire
import LinuxIO

/// The writer of answer heads. HTTPWire's own writes those with a length only.
enum Reply {
  /// Writes a status line, the fields and the empty line.
  /// - Parameter field: a whole further field line with its end, or nothing.
  static func writeHead(
    _ status: Int, type: StaticString, body: BodyFraming, connection: ConnectionOption,
    field: StaticString = "", to writer: inout ByteWriter
  ) {
    writer.append("HTTP/1.1 ")
    writer.append(decimal: status)
    writer.append(ByteClass.space)
    writer.append(reason(status))
    writer.append("\r\n")
    DateField.write(Clock.wallSeconds(), to: &writer)
    if body != .none {
      writer.append("Content-Type: ")
      writer.append(type)
      writer.append("\r\n")
    }
    HeadWriter.write(body, to: &writer)
    writer.append(field)
    switch connection {
    case .close: writer.append("Connection: close\r\n")
    case .keepAlive: writer.append("Connection: keep-alive\r\n")
    case .unsaid, .upgrade: break
    }
    writer.append("\r\n")
  }

  /// The reason phrases that trials are likely to ask for beside lbd's own (RFC 9110 §15).
  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 410: "Gone"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    default: Responses.reason(status)
    }
  }

  /// Writes a chunk's size and the line's end (RFC 9112 §7.1).
  static func writeChunkSize(_ size: Int, to writer: inout ByteWriter) {
    var shift = 60
    while shift > 0 && size >> shift == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: size >> shift & 15)
      writer.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
    writer.append("\r\n")
  }
}

extension ByteWriter {
  /// Writes what this one holds behind what another does.
  func write(to other: inout ByteWriter) {
    other.append(bytes)
  }
}
