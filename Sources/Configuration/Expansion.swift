/// A value with its `${VAR}` and `${VAR:-default}` filled in.
///
/// As in the shell, `:-` also stands in for an empty variable. What a variable holds is a value, not
/// syntax: it is not expanded again, and bytes that the conf could not write itself are refused.
enum Expansion {
  case text(String, variables: [String])
  case refused(Refusal)

  /// No value needs more, and a hostile line could multiply a long variable without end.
  static let limit = 4096

  init(of value: String, in environment: [String: String]) {
    // In bytes: a combining mark behind "${" would hide it from a comparison of characters.
    var rest = Array(value.utf8)[...]
    var text: [UInt8] = []
    var variables: [String] = []
    while let mark = Expansion.mark(in: rest), text.count <= Expansion.limit {
      text += rest[..<mark]
      rest = rest[mark...]
      switch Expansion.reference(at: &rest, in: environment) {
      case .value((let name, let content)):
        text += content
        if let name, !variables.contains(name) { variables.append(name) }
      case .refused(let refusal):
        self = .refused(Refusal(why: refusal.why, offset: mark))
        return
      }
    }
    self = Expansion.checked(
      trimmed(String(decoding: text + rest, as: UTF8.self)), variables: variables)
  }

  private static func mark(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.dropLast().first {
      bytes[$0] == UInt8(ascii: "$") && bytes[$0 + 1] == UInt8(ascii: "{")
    }
  }

  /// Takes `${…}` off the front. The name is nil where the default was taken.
  private static func reference(
    at rest: inout ArraySlice<UInt8>, in environment: [String: String]
  ) -> Reading<(name: String?, content: String.UTF8View)> {
    guard let close = rest.firstIndex(of: UInt8(ascii: "}")) else {
      return .refused("\"${\" is not closed, write ${VAR} or ${VAR:-default}")
    }
    let inner = rest[..<close].dropFirst(2)
    rest = rest[(close + 1)...]
    let colon = inner.firstIndex(of: .colon)
    let name = String(decoding: inner[..<(colon ?? inner.endIndex)], as: UTF8.self)
    let tail = colon.map { inner[$0...] }
    guard isName(name), tail?.starts(with: [.colon, UInt8(ascii: "-")]) != false else {
      let reference = "${\(String(decoding: inner, as: UTF8.self))}"
      return .refused("\(quoted(reference)) is not a variable, write ${VAR} or ${VAR:-default}")
    }
    if let content = environment[name], tail == nil || !content.isEmpty {
      return .value((name, content.utf8))
    }
    guard let fallback = tail?.dropFirst(2) else {
      return .refused(
        "${\(clipped(name))} is not set, set it or write ${\(clipped(name)):-default}")
    }
    return .value((nil, String(decoding: fallback, as: UTF8.self).utf8))
  }

  private static func checked(_ text: String, variables: [String]) -> Expansion {
    let bytes = Array(text.utf8)
    let hasComment = bytes.indices.contains { index in
      (bytes[index] == .hash || bytes[index] == .semicolon)
        && (index == 0 || bytes[index - 1].isBlank)
    }
    if bytes.count > limit {
      return .refused(Refusal(why: "the value is longer than \(limit) bytes, shorten it"))
    }
    if hasComment || bytes.contains(where: \.isControl) || mark(in: bytes[...]) != nil {
      let names = variables.map { "${\(clipped($0))}" }.joined(separator: " or ")
      let what = names.isEmpty ? "the default" : names
      return .refused(
        Refusal(why: "a value cannot hold control bytes, comments or \"${\", change \(what)"))
    }
    return .text(text, variables: variables)
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !first.isDigit else { return false }
    return name.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
  }
}
