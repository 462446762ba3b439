/// The forms of lists: numbers and ranges of them, behind commas.

extension Form<[UInt16]> {
  /// Ports, each once: `8081, 8082` or `8081-8083`.
  static var ports: Form {
    Form(
      help: "ports and ranges of ports, 1 to 65535",
      read: { text in
        var seen: Set<UInt16> = []
        var ports: [UInt16] = []
        let (items, faults) = readItems(
          text, within: 1...65535, such: "8081, 8082 or 8081-8083")
        // No further than is told, and the list is cut into its parts once.
        let told = Set(faults.prefix(Refusal.limit).map(\.offset))
        let words = told.isEmpty ? [] : parts(of: text).filter { told.contains($0.offset) }
        let hints = Dictionary(words.map { ($0.offset, $0.text) }) { first, _ in first }
        var refusals = faults.map { fault in
          hints[fault.offset].flatMap(PortItem.init).map {
            Refusal(why: $0.why, offset: fault.offset)
          } ?? fault
        }
        for item in items {
          for port in item.range.lazy.compactMap({ UInt16(exactly: $0) }) {
            guard seen.insert(port).inserted else {
              refusals.append(
                Refusal(why: "\(port) stands here twice, write it once", offset: item.offset))
              break
            }
            ports.append(port)
          }
        }
        refusals.sort { $0.offset < $1.offset }
        return Refusal.all(refusals).map { .refused($0) } ?? .value(ports)
      },
      write: { ports in
        var runs: [ClosedRange<UInt16>] = []
        for port in ports {
          if let last = runs.last, last.upperBound.addingReportingOverflow(1) == (port, false) {
            runs[runs.count - 1] = last.lowerBound...port
          } else {
            runs.append(port...port)
          }
        }
        return runs.map(written).joined(separator: ", ")
      })
  }

  private static func written(_ run: ClosedRange<UInt16>) -> String {
    switch run.count {
    case 1: "\(run.lowerBound)"
    case 2: "\(run.lowerBound), \(run.upperBound)"
    default: "\(run.lowerBound)-\(run.upperBound)"
    }
  }
}

extension Form<StatusRanges> {
  static var statuses: Form { statuses(100...599, such: "200-399 or 200, 404") }

  /// Statuses of answers that are none.
  static var failures: Form { statuses(400...599, such: "502-504 or 429, 503") }

  private static func statuses(_ bounds: ClosedRange<Int>, such example: String) -> Form {
    Form(
      help: "statuses and ranges of statuses, \(bounds.lowerBound) to \(bounds.upperBound)",
      read: { text in
        let (items, refusals) = readItems(text, within: bounds, such: example)
        return Refusal.all(refusals).map { .refused($0) }
          ?? .value(StatusRanges(items.map(\.range)))
      },
      write: \.description)
  }
}

extension Form<[NetworkRange]> {
  /// IP addresses and networks: `10.0.0.1, 10.1.0.0/16, fd00::/8`.
  static var networks: Form {
    Form(
      help: "IP addresses and networks such as 10.0.0.0/8",
      read: { text in
        var networks: [NetworkRange] = []
        var refusals: [Refusal] = []
        for (part, offset) in parts(of: text) {
          switch NetworkRange.read(part) {
          case .value(let network): networks.append(network)
          case .refused(let refusal):
            refusals.append(Refusal(why: refusal.why, offset: offset + refusal.offset))
          }
        }
        return Refusal.all(refusals).map { .refused($0) } ?? .value(networks)
      },
      write: { $0.map(\.description).joined(separator: ", ") })
  }
}

/// An item of `ports` that is an address.
struct PortItem {
  /// Of a host that is lbd's own; nil for another, and for a Unix socket.
  let port: UInt16?
  let why: String

  init?(_ text: String) {
    let rest = text.lowercased().hasPrefix("http://") ? String(text.dropFirst(7)) : text
    guard let address = ReplicaAddress(rest) else { return nil }
    if case .host(_, let port) = address, address.isLoopback {
      self.port = port
      why = "\(quoted(text)) has a host, write \(port)"
    } else {
      port = nil
      let shown = clipped(address.description)
      why = "\(quoted(text)) is no port alone, write address = \(shown) in [replica NAME]"
    }
  }
}

/// The parts between commas without white space around them, each with its offset in bytes.
func parts(of text: String) -> [(text: String, offset: Int)] {
  text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    let blanks = part.utf8.prefix(while: \.isBlank).count
    return (trimmed(part), text.utf8.distance(from: text.startIndex, to: part.startIndex) + blanks)
  }
}

private typealias RangeItem = (range: ClosedRange<Int>, offset: Int)

/// The ranges of a list that are good, and what is wrong with the others.
private func readItems(
  _ text: String, within bounds: ClosedRange<Int>, such example: String
) -> (items: [RangeItem], refusals: [Refusal]) {
  var items: [RangeItem] = []
  var refusals: [Refusal] = []
  for (part, offset) in parts(of: text) {
    switch readRange(part, within: bounds, such: example) {
    case .value(let range): items.append((range, offset))
    case .refused(let refusal): refusals.append(Refusal(why: refusal.why, offset: offset))
    }
  }
  return (items, refusals)
}

private func readRange(
  _ part: String, within bounds: ClosedRange<Int>, such example: String
) -> Reading<ClosedRange<Int>> {
  if part.isEmpty { return .refused("nothing stands between two commas, write \(example)") }
  let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { trimmed($0) }
  let numbers = ends.compactMap { wholeNumber($0) }
  guard (1...2).contains(ends.count), numbers.count == ends.count else {
    return .refused("\(quoted(part)) is neither a number nor a range, write \(example)")
  }
  let (low, high) = (numbers[0], numbers[numbers.count - 1])
  guard bounds.contains(low), bounds.contains(high) else {
    return .refused("\(part) is out of bounds, write \(bounds.lowerBound) to \(bounds.upperBound)")
  }
  guard low <= high else {
    return .refused("\(low)-\(high) runs backwards, write \(high)-\(low)")
  }
  return .value(low...high)
}
