// The answers that lbd gives itself: a status, a small JSON body, and whether the connection ends.

/// The writer of lbd's own answers.
package enum Responses {
  /// The reason phrase of a status that lbd gives itself.
  package static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 508: "Loop Detected"
    default: "Unknown"
    }
  }

  /// Writes a head for a body of `length` bytes.
  /// - Parameters:
  ///   - date: the time of the answer, in seconds since 1970.
  ///   - retryAfter: seconds, 0 for none (RFC 9110 §10.2.3).
  ///   - error: why lbd answers in a replica's place (RFC 9209).
  ///   - allow: the methods that a 405 names (RFC 9110 §15.5.6).
  package static func writeHead(
    _ status: Int, type: StaticString, length: Int, connection: ConnectionOption, date: Int,
    retryAfter: Int = 0, error: ProxyError? = nil, allow: StaticString? = nil,
    to writer: inout ByteWriter
  ) {
    writer.append("HTTP/1.1 ")
    writer.append(decimal: status)
    writer.append(ByteClass.space)
    writer.append(reason(status))
    writer.append("\r\n")
    DateField.write(date, to: &writer)
    writer.append("Content-Type: ")
    writer.append(type)
    writer.append("\r\nContent-Length: ")
    writer.append(decimal: length)
    writer.append("\r\n")
    if retryAfter > 0 {
      writer.append("Retry-After: ")
      writer.append(decimal: retryAfter)
      writer.append("\r\n")
    }
    if let error {
      writer.append("Proxy-Status: lbd; error=")
      writer.append(error.name)
      writer.append("\r\n")
    }
    if let allow {
      writer.append("Allow: ")
      writer.append(allow)
      writer.append("\r\n")
    }
    switch connection {
    case .close: writer.append("Connection: close\r\n")
    case .keepAlive: writer.append("Connection: keep-alive\r\n")
    case .unsaid, .upgrade: break
    }
    writer.append("\r\n")
  }

  /// Writes `{"detail": "…"}` with its head. `detail` needs no escape in JSON.
  package static func write(
    _ status: Int, detail: StaticString, connection: ConnectionOption, date: Int,
    retryAfter: Int = 0, error: ProxyError? = nil, isHead: Bool = false, to writer: inout ByteWriter
  ) {
    writeHead(
      status, type: "application/json", length: detail.utf8CodeUnitCount + 13,
      connection: connection, date: date, retryAfter: retryAfter,
      error: error, to: &writer)
    guard !isHead else { return }
    writer.append("{\"detail\":\"")
    writer.append(detail)
    writer.append("\"}")
  }
}
