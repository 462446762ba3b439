// Writes the text that Prometheus reads (exposition format 0.0.4). A thousand replicas make tens of
// thousands of lines on the control thread, so labels are escaped once for each replica and a line is
// a few copies.

package import ControlProtocol

/// Labels as they stand between the braces, without them: `pool="default",replica="8081"`.
package struct MetricLabels {
  fileprivate var bytes: [UInt8] = []

  package static let none = MetricLabels()

  private init() {}

  /// - Parameter pairs: names, which need no escape, with values, which may be any text.
  package init(_ pairs: KeyValuePairs<String, String>) {
    for (name, value) in pairs {
      if !bytes.isEmpty { bytes.append(0x2C) }
      bytes += name.utf8
      bytes += [0x3D, 0x22]
      for byte in value.utf8 {
        switch byte {
        case 0x22, 0x5C: bytes += [0x5C, byte]
        case 0x0A: bytes += [0x5C, 0x6E]
        default: bytes.append(byte)
        }
      }
      bytes.append(0x22)
    }
  }
}

/// A text of metrics under construction. Samples belong to the family that was begun last.
package struct MetricsText {
  package private(set) var bytes: [UInt8] = []
  private var name: [UInt8] = []

  package static let type: StaticString = "text/plain; version=0.0.4; charset=utf-8"

  /// - Parameter capacity: bytes that the text will have, as far as is known.
  package init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// Writes HELP and TYPE. Each family is begun once, with samples or without.
  package mutating func begin(_ family: MetricFamily) {
    name = Array(family.name.utf8)
    // Backslashes and line feeds would have to be escaped; no help has one.
    bytes += "# HELP \(family.name) \(family.help)\n".utf8
    bytes += "# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
  }

  /// A family of one sample without labels.
  package mutating func only(_ family: MetricFamily, _ value: Int) {
    begin(family)
    sample(.none, value)
  }

  /// The same of a number that is not whole.
  package mutating func only(_ family: MetricFamily, seconds: Double) {
    begin(family)
    sample(.none, seconds: seconds)
  }

  /// - Parameters:
  ///   - more: labels behind those of `labels`.
  ///   - suffix: what stands behind the family's name, `_bucket` and the like.
  package mutating func sample(
    _ labels: MetricLabels, and more: MetricLabels = .none, suffix: [UInt8] = [], _ value: Int
  ) {
    beginLine(labels, more, suffix)
    append(value)
    bytes.append(0x0A)
  }

  package mutating func sample(
    _ labels: MetricLabels, suffix: [UInt8] = [], seconds: Double
  ) {
    beginLine(labels, .none, suffix)
    bytes += seconds.description.utf8
    bytes.append(0x0A)
  }

  private mutating func beginLine(
    _ labels: MetricLabels, _ more: MetricLabels, _ suffix: [UInt8]
  ) {
    bytes += name
    bytes += suffix
    if !labels.bytes.isEmpty || !more.bytes.isEmpty {
      bytes.append(0x7B)
      bytes += labels.bytes
      if !labels.bytes.isEmpty && !more.bytes.isEmpty { bytes.append(0x2C) }
      bytes += more.bytes
      bytes.append(0x7D)
    }
    bytes.append(0x20)
  }

  private mutating func append(_ value: Int) {
    guard value < 0 || value > 9 else { return bytes.append(UInt8(0x30 + value)) }
    bytes += String(value).utf8
  }
}
