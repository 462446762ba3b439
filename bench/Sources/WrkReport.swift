// What wrk prints at its end, taken apart. Pure.

/// One run of wrk with `--latency`.
struct WrkReport: Equatable {
  var requests: Int
  var perSecond: Double
  /// Milliseconds.
  var p50: Double
  var p99: Double
  /// Answers whose status is neither 2xx nor 3xx.
  var bad: Int
  /// Connects, reads and writes that failed, and requests without an answer for 2 s.
  var errors: Int

  /// Nil when this is not what wrk prints.
  init?(_ text: String) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    func line(_ first: Substring) -> [Substring]? { lines.first { $0.first == first } }
    guard
      let total = lines.first(where: { $0.count > 2 && $0[1] == "requests" && $0[2] == "in" }),
      let requests = Int(total[0]),
      let rate = line("Requests/sec:")?.last, let perSecond = Double(rate),
      let p50 = line("50%")?.last.flatMap(WrkReport.milliseconds),
      let p99 = line("99%")?.last.flatMap(WrkReport.milliseconds)
    else { return nil }
    (self.requests, self.perSecond, self.p50, self.p99) = (requests, perSecond, p50, p99)
    // Neither line is there when there is nothing to say.
    bad = line("Non-2xx")?.last.flatMap { Int($0) } ?? 0
    // "Socket errors: connect 0, read 1, write 0, timeout 2"
    errors = (line("Socket") ?? []).compactMap { Int($0.prefix { $0 != "," }) }.reduce(0, +)
  }

  /// A duration as wrk writes it: `64.00us`, `1.05ms`, `2s`, `1.10m`, `1.00h`.
  static func milliseconds(_ text: some StringProtocol) -> Double? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    guard let value = Double(number) else { return nil }
    switch text.dropFirst(number.count) {
    case "us": return value / 1000
    case "ms": return value
    case "s": return value * 1000
    case "m": return value * 60_000
    case "h": return value * 3_600_000
    default: return nil
    }
  }
}
