/// What was meant by a line without `=`: a directive of nginx, HAProxy or Caddy, YAML, a comment.

extension Slips {
  /// What was meant by a line that is neither a section nor a setting.
  static func hint(line: String) -> String? {
    if let hint = lines.first(where: { line.hasPrefix($0.start) })?.hint { return hint }
    if line.hasSuffix("{") { return lines.first { $0.start == "{" }?.hint }
    let isEnded = line.hasSuffix(";")
    var text = line
    while let last = text.last, ";, ".contains(last) { text.removeLast() }
    if let hint = server(text) ?? block(text) ?? phrase(text) { return hint }
    let word = String(text.prefix { $0 != " " && $0 != "\t" && $0 != ":" && $0 != ";" })
    var rest = trimmed(text.dropFirst(word.count))
    if rest.hasPrefix(":") { rest = trimmed(rest.dropFirst()) }
    // A directive of nginx: few of its words are keys here, and those mean something else.
    if isEnded, let hint = hint(key: word, value: rest, in: "lbd") { return hint }
    guard let known = known(word) else { return hint(key: word, value: rest, in: "lbd") }
    return "there is no =, write \(known) = \(rest.isEmpty ? "VALUE" : clipped(rest))"
  }

  /// `server a 127.0.0.1:8101 check` of HAProxy, `server 127.0.0.1:8101` of nginx.
  static func server(_ line: String) -> String? {
    let words = line.split(whereSeparator: { " \t".contains($0) }).map { String($0) }
    guard words.count > 1, words[0].lowercased() == "server" else { return nil }
    if words.count > 2, ReplicaConfiguration.isName(words[1]),
      let address = usable(words[2], of: "address", in: "replica")
    {
      return "write [replica \(words[1])] and below it address = \(address)"
    }
    guard let address = usable(words[1], of: "address", in: "replica") else { return nil }
    return "write address = \(address) in [replica NAME]"
  }

  /// A line of HAProxy that begins a block: its section's hint.
  private static func block(_ line: String) -> String? {
    let words = line.split(whereSeparator: { " \t".contains($0) }).map { String($0) }
    switch (words.first ?? "", words.count) {
    case ("global", 1), ("defaults", 1...2), ("backend", 2), ("frontend", 2): break
    // Of nginx it is an address.
    case ("listen", 2) where words[1].first?.isLetter == true && !words[1].contains(":"): break
    default: return nil
    }
    return hint(section: words[0])
  }

  /// A directive of several words, such as `timeout connect 5s`.
  private static func phrase(_ line: String) -> String? {
    let words = line.split(whereSeparator: { " \t".contains($0) }).map { String($0) }
    for count in [4, 3, 2] where words.count >= count {
      // A value has no part in the name.
      guard !words[..<count].contains(where: { $0.contains(":") }) else { continue }
      let rest = words[count...].joined(separator: " ")
      let key = words[..<count].joined(separator: "_")
      if let hint = hint(key: key, value: rest, in: "lbd") { return hint }
    }
    return nil
  }
}
