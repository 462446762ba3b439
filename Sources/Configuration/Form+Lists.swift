/// The forms of lists: numbers and ranges of them, behind commas.

extension Form<[UInt16]> {
  /// Ports, each once: `8081, 8082` or `8081-8083`.
  static var ports: Form {
    Form(
      help: "ports and ranges of ports, 1 to 65535",
      read: { text in
        var seen: Set<UInt16> = []
        var ports: [UInt16] = []
        switch readRanges(text, within: 1...65535, such: "8081, 8082 or 8081-8083") {
        case .refused(let refusal): return .refused(refusal)
        case .value(let items):
          for item in items {
            for port in item.range.compactMap({ UInt16(exactly: $0) }) {
              guard seen.insert(port).inserted else {
                return .refused("\(port) stands here twice, write it once", offset: item.offset)
              }
              ports.append(port)
            }
          }
          return .value(ports)
        }
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
        readRanges(text, within: bounds, such: example).map { StatusRanges($0.map(\.range)) }
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
        for (part, offset) in parts(of: text) {
          switch NetworkRange.read(part) {
          case .value(let network): networks.append(network)
          case .refused(let refusal):
            return .refused(refusal.why, offset: offset + refusal.offset)
          }
        }
        return .value(networks)
      },
      write: { $0.map(\.description).joined(separator: ", ") })
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

private func readRanges(
  _ text: String, within bounds: ClosedRange<Int>, such example: String
) -> Reading<[RangeItem]> {
  var items: [RangeItem] = []
  for (part, offset) in parts(of: text) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { trimmed($0) }
    let numbers = ends.compactMap { wholeNumber($0) }
    guard (1...2).contains(ends.count), numbers.count == ends.count else {
      return .refused(
        "\(quoted(part)) is neither a number nor a range, write \(example)",
        offset: offset)
    }
    let (low, high) = (numbers[0], numbers[numbers.count - 1])
    guard bounds.contains(low), bounds.contains(high) else {
      return .refused(
        "\(part) is out of bounds, write \(bounds.lowerBound) to \(bounds.upperBound)",
        offset: offset)
    }
    guard low <= high else {
      return .refused("\(low)-\(high) runs backwards, write \(high)-\(low)", offset: offset)
    }
    items.append((low...high, offset))
  }
  return .value(items)
}
