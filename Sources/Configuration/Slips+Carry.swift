/// How a hint keeps what people wrote: the value stands in place of the table's example.

extension Slips {
  /// What was meant by a setting whose key a section does not have. The value is kept where it is usable.
  static func hint(key: String, value: String?, in section: String) -> String? {
    guard let hint = hint(key: key, in: section) else { return nil }
    guard let value, !value.isEmpty, value.utf8.count <= 64, !foreign.contains(squeezed(key)) else {
      return hint
    }
    return carrying(own(value, of: squeezed(key)), in: hint)
  }

  /// Keys whose values are of another kind than those of the keys that their hints name.
  private static let foreign: Set<String> = [
    "header", "headers", "healthheaders", "clientheaderbuffersize", "realiprecursive",
    "onerror", "redispatch", "optionredispatch", "limitreq", "ratelimit", "rate", "burst",
  ]

  /// What the program that a key comes from means by a value: nginx has seconds, HAProxy milliseconds,
  /// and the tries of nginx include the first.
  private static func own(_ value: String, of key: String) -> String {
    guard let number = wholeNumber(value) else { return value }
    if key == "proxynextupstreamtries", number > 0 { return "\(number - 1)" }
    let isHAProxy = ["inter", "fastinter", "downinter"].contains(key) || key.hasPrefix("timeout")
    if isHAProxy, key != "timeout", !key.hasSuffix("seconds") { return "\(number)ms" }
    let isNginx = ["proxy", "client", "keepalive", "send", "fail"].contains { key.hasPrefix($0) }
    return isNginx && key.hasSuffix("timeout") || key.hasSuffix("seconds") ? "\(number)s" : value
  }

  /// The hint with a value for its examples. Of alternatives those stay that accept the value, if any.
  static func carrying(_ value: String, in hint: String) -> String {
    let told = Slips.hint(value: value, of: "algorithm", in: "balance")
    if hint.contains("algorithm = "), let told, told.hasPrefix("does not exist") {
      return "\(quoted(value)) \(told)"
    }
    let all = pieces(of: hint, between: " or ").map { filled($0, with: value) }
    let fitting = all.filter(\.isFilled)
    guard fitting.count < all.count, fitting.count > 0 else {
      return all.map(\.text).joined(separator: " or ")
    }
    var text = fitting.map(\.text).joined(separator: " or ")
    while text.hasSuffix(",") { text.removeLast() }
    return hint.hasPrefix("write ") && !text.hasPrefix("write ") ? "write \(text)" : text
  }

  private static func pieces(of text: String, between mark: String) -> [String] {
    var pieces = [""]
    for word in text.split(separator: " ") {
      if " \(word) " == mark {
        pieces.append("")
      } else {
        let gap = pieces[pieces.count - 1].isEmpty ? "" : " "
        pieces[pieces.count - 1] += gap + word
      }
    }
    return pieces
  }

  /// One alternative of a hint, `write KEY = EXAMPLE in [SECTION]`, with a value for its examples.
  private static func filled(_ text: String, with value: String) -> (text: String, isFilled: Bool) {
    var words = text.split(separator: " ").map { String($0) }
    var isFilled = false
    var index = 1
    while index + 1 < words.count {
      defer { index += 1 }
      guard words[index] == "=", let home = words[index...].first(where: { $0.hasPrefix("[") })
      else { continue }
      let section = home.filter { !"[],;".contains($0) }
      guard let own = usable(value, of: words[index - 1], in: section) else { continue }
      var end = index + 1
      while end + 1 < words.count, words[end].hasSuffix(","), words[end + 1] != "and" { end += 1 }
      words.replaceSubrange(index + 1...end, with: [own])
      isFilled = true
    }
    return (words.joined(separator: " "), isFilled)
  }

  /// The value as a key would accept it; nil where it would not, or where it hardly means the same.
  static func usable(_ value: String, of key: String, in section: String) -> String? {
    var value = value
    switch "\(section).\(key)" {
    case "lbd.host":
      if let port = value.lastIndex(of: ":"), wholeNumber(value[port...].dropFirst()) != nil {
        value = String(value[..<port])
      }
      guard value == "localhost" || value.contains(".") || value.contains(":") else { return nil }
    case "lbd.control", "health.path": guard value.contains("/") else { return nil }
    case "replica.address":
      // Of several addresses one is not what was meant.
      let others = value.split { ", \t".contains($0) }.dropFirst()
      guard !value.hasPrefix("/"), !others.contains(where: { PortItem(String($0)) != nil }) else {
        return nil
      }
    case "metrics.listen": guard !value.hasPrefix("/") else { return nil }
    default: break
    }
    let first = value.split(separator: " ").first.map { String($0) } ?? ""
    let isText = "\(section).\(key)" == "health.body"
    func accepted(_ text: String) -> String? {
      if isText || !text.contains(" ") || text.contains(","),
        Schema.accepts(text, for: key, in: section)
      {
        return text
      }
      if let told = hint(value: text, of: key, in: section), let mark = range(of: key, in: told) {
        return mark
      }
      return Mend.find(text, of: key, in: section) { Schema.accepts($0, for: key, in: section) }?
        .text ?? inOwnUnits(text).first { Schema.accepts($0, for: key, in: section) }
    }
    if let whole = accepted(value) { return whole }
    // The first of several numbers may be anything.
    let isAlone = first == value || wholeNumber(first) != nil && key != "main_port"
    return isAlone ? nil : accepted(first)
  }

  /// What a hint says to write for a key.
  private static func range(of key: String, in hint: String) -> String? {
    let words = hint.split(separator: " ").map { String($0) }
    guard let equals = words.firstIndex(of: "="), equals > 0, words[equals - 1] == key else {
      return nil
    }
    var items: [String] = []
    for word in words[(equals + 1)...] {
      items.append(word)
      if !word.hasSuffix(",") { break }
    }
    return items.joined(separator: " ")
  }
}
