// What a path asks for.

import HTTPWire

/// The places of this server with what their paths say. Anyone may ask, so that what one request may
/// take up is bounded.
enum Route: Equatable {
  /// The longest `/delay`, and the longest time that the pauses of a `/stream` may add up to, in
  /// milliseconds.
  static var longestTime: Int { 600_000 }
  static var mostBytes: Int { 1 << 30 }
  static var mostChunks: Int { 100_000 }

  case info
  case health
  case status(Int)
  /// Milliseconds.
  case delay(Int)
  case bytes(Int)
  /// Milliseconds between chunks.
  case stream(chunks: Int, interval: Int)
  case echo
  case webSocket
  /// A known path whose argument is none.
  case misused(Usage)
  case unknown

  /// Reads an origin-form path with its query.
  init(_ target: [UInt8]) {
    let path = target.prefix { $0 != UInt8(ascii: "?") }
    let query = target.dropFirst(path.count + 1)
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let name = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
    switch (name, parts.count) {
    case ("getInfo", 2): self = .info
    case ("health", 2): self = .health
    case ("echo", 2): self = .echo
    case ("ws", 2): self = .webSocket
    case ("stream", 2): self = Route.stream(query)
    case ("status", 3): self = Route.status(parts[2])
    case ("delay", 3):
      let delay = Quantity.milliseconds(parts[2]) ?? .max
      self = delay <= Route.longestTime ? .delay(delay) : .misused(.delay)
    case ("bytes", 3):
      let count = Quantity.number(parts[2]) ?? .max
      self = count <= Route.mostBytes ? .bytes(count) : .misused(.bytes)
    default: self = .unknown
    }
  }

  private static func status(_ text: some Collection<UInt8>) -> Route {
    guard let status = Quantity.number(text), status >= 200 && status <= 599 else {
      return .misused(.status)
    }
    return .status(status)
  }

  /// `chunks=N&interval=100ms` in any order; ten chunks and no waiting where nothing is said.
  private static func stream(_ query: some Collection<UInt8>) -> Route {
    var (chunks, interval) = (10, 0)
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      let value = pair.dropFirst(name.count + 1)
      let number: Int?
      switch String(decoding: name, as: UTF8.self) {
      case "chunks":
        number = Quantity.number(value)
        chunks = number ?? 0
      case "interval":
        number = Quantity.milliseconds(value)
        interval = number ?? 0
      default: number = nil
      }
      guard number != nil else {
        return .misused(.stream)
      }
    }
    // Neither factor is long enough for an overflow once the chunks are few.
    guard chunks <= mostChunks, max(0, chunks - 1) * interval <= longestTime else {
      return .misused(.stream)
    }
    return .stream(chunks: chunks, interval: interval)
  }

  /// The Allow field line that goes with a 405: the methods that `allows` accepts.
  var allowField: StaticString {
    self == .webSocket
      ? "Allow: GET, HEAD\r\n" : "Allow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
  }

  /// Whether the place answers to a method. `/echo` tells about every one.
  func allows(_ method: Method) -> Bool {
    switch (self, method) {
    case (.echo, _), (.unknown, _), (_, .get), (_, .head): true
    case (.webSocket, _), (_, .options), (_, .trace), (_, .connect), (_, .other): false
    default: true
    }
  }
}

/// How a path with an argument is to be written.
enum Usage {
  case status, delay, bytes, stream

  var detail: StaticString {
    switch self {
    case .status: "the path is /status/ and a number from 200 to 599"
    case .delay: "the path is /delay/ and a duration with its unit, such as 250ms, up to 10m"
    case .bytes: "the path is /bytes/ and a number up to 1073741824"
    case .stream:
      """
      the query is chunks=N&interval=DURATION, such as chunks=5&interval=100ms, up to 100000 chunks \
      and 10m in all
      """
    }
  }
}
