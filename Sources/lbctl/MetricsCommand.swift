// The verb `metrics`: the text that Prometheus reads, as it came, or its samples alone.

import ControlProtocol

extension Command {
  /// Prints lbd's metrics.
  func metrics() throws(Failure) -> ExitCode {
    let text = try client.text(ControlPath.metrics)
    let lines = text.split(separator: 0x0A)
    let samples = lines.filter { $0.first != 0x23 }
    if invocation.isJSON {
      try output.write(json: try Command.json(samples))
    } else if invocation.hasHeader {
      try output.write(document: text)
    } else {
      try output.write(lines: samples.map { String(decoding: $0, as: UTF8.self) })
    }
    return .done
  }

  private static func json(_ lines: [ArraySlice<UInt8>]) throws(Failure) -> [UInt8] {
    var samples: [Sample] = []
    for line in lines {
      guard let sample = Sample(line) else {
        throw Failure(.failed, "what lbd answered to \(ControlPath.metrics) could not be read")
      }
      samples.append(sample)
    }
    var writer = JSONWriter()
    writer.object {
      $0.field("schema", 1)
      $0.field("samples", samples)
    }
    return writer.bytes
  }
}

/// One line of the text: a name, labels and a number.
private struct Sample: JSONWritable {
  private let name: String
  private var labels: [(name: String, value: String)] = []
  private let value: Double

  init?(_ line: ArraySlice<UInt8>) {
    var rest = line
    name = Sample.take(&rest) { $0 != 0x7B && $0 != 0x20 }
    if rest.first == 0x7B {
      rest.removeFirst()
      while rest.first != 0x7D {
        let label = Sample.take(&rest) { $0 != 0x3D }
        guard rest.count > 2, let text = Sample.takeText(&rest) else { return nil }
        labels.append((label, text))
        if rest.first == 0x2C { rest.removeFirst() }
      }
      rest.removeFirst()
    }
    guard rest.first == 0x20, let number = Double(String(decoding: rest.dropFirst(), as: UTF8.self))
    else { return nil }
    value = number
  }

  /// Takes bytes off the front for as long as they belong to the piece.
  private static func take(_ rest: inout ArraySlice<UInt8>, while holds: (UInt8) -> Bool) -> String
  {
    let piece = rest.prefix(while: holds)
    rest = rest.dropFirst(piece.count)
    return String(decoding: piece, as: UTF8.self)
  }

  /// Takes `="…"` and gives the text without its escapes; nil where its end is missing.
  private static func takeText(_ rest: inout ArraySlice<UInt8>) -> String? {
    rest = rest.dropFirst(2)
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case 0x22: return String(decoding: text, as: UTF8.self)
      case 0x5C:
        guard let next = rest.popFirst() else { return nil }
        text.append(next == 0x6E ? 0x0A : next)
      default: text.append(byte)
      }
    }
    return nil
  }

  func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("name", name)
      $0.object("labels") { for label in labels { $0.field(label.name, label.value) } }
      $0.field("value", value)
    }
  }
}
