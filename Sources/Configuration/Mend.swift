/// What a value that is refused would be accepted as: the habits of other formats, each undone and tried.
/// What is proposed has been accepted by the key's own form, so no hint can be wrong about that.
struct Mend {
  /// What is wrong with the text, behind it.
  let reason: String
  /// What to write in its place.
  let text: String

  /// Longer values are not looked into.
  private static let limit = 256

  /// The first way that leads to a value that is accepted; of two steps where none does alone.
  static func find(
    _ text: String, of key: String, in section: String, isAccepted: (String) -> Bool
  ) -> Mend? {
    // TLS to replicas is none of a few characters too many.
    guard text.utf8.count <= limit, !text.lowercased().hasPrefix("https://") || key == "path" else {
      return nil
    }
    let steps = steps(for: "\(section).\(key)")
    var halves: [Mend] = []
    for step in steps {
      guard let mended = step.undo(text).map({ trimmed($0) }), mended != text, !mended.isEmpty
      else { continue }
      if isAccepted(mended) { return Mend(reason: step.reason, text: mended) }
      halves.append(Mend(reason: step.reason, text: mended))
    }
    for half in halves {
      for step in steps {
        guard let mended = step.undo(half.text).map({ trimmed($0) }), mended != half.text,
          !mended.isEmpty, isAccepted(mended)
        else { continue }
        return Mend(reason: "\(half.reason) and \(step.reason)", text: mended)
      }
    }
    return nil
  }

  /// One habit.
  private typealias Step = (reason: String, undo: @Sendable (String) -> String?)

  private static func steps(for key: String) -> [Step] {
    let own: [Step] =
      switch key {
      case "lbd.ports":
        [("has hosts, which ports does not take", portsAlone)] + lists
          + [("has a protocol", withoutProtocol)] + ranges
      case "health.expect", "retry.statuses": lists + ranges + [("has xx for a range", hundreds)]
      case "forward.trusted_proxies": lists + [("has a mask", prefixLength)]
      case "lbd.main_port", "health.port":
        [("has an address", afterColon), ("has a protocol", withoutProtocol)]
      case "lbd.host", "health.host":
        [("is a URL", withoutScheme), ("ends with a slash", withoutPath)]
      case "replica.address", "metrics.listen": addresses
      case "health.path":
        [("is a URL", pathOfURL), ("has a method", behindMethod), ("has no /", slashed)]
      case "lbd.control", "log.access":
        [("is a URL", pathOfFile), ("has no directory", inThisDirectory)]
      case "health.jitter", "retry.budget": [("has no %", percent)]
      default: []
      }
    // What parts items may look like a comment.
    return own + general
  }

  // MARK: Anywhere

  private static let general: [Step] = [
    ("has quotes", unquoted),
    ("ends with a semicolon", { $0.hasSuffix(";") ? String($0.dropLast()) : nil }),
    ("ends with a comma", { $0.hasSuffix(",") ? String($0.dropLast()) : nil }),
    ("goes on in the next line", { $0.hasSuffix("\\") ? String($0.dropLast()) : nil }),
    ("has a comment that does not begin with #", withoutForeignComment),
    ("has a comment with no space and # before it", uncommented),
    ("has a second =", { $0.hasPrefix("=") ? String($0.dropFirst()) : nil }),
    ("has capitals", { isWord($0) ? $0.lowercased() : nil }),
    ("has small letters", { isWord($0) ? $0.uppercased() : nil }),
    ("has separators in a number", ungrouped),
  ]

  private static func isWord(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
  }

  private static func unquoted(_ text: String) -> String? {
    guard text.count >= 2, let first = text.first, let last = text.last else { return nil }
    let pairs: [(Character, Character)] = [
      ("\"", "\""), ("'", "'"), ("`", "`"), ("\u{201C}", "\u{201D}"),
    ]
    return pairs.contains { $0 == (first, last) } ? String(text.dropFirst().dropLast()) : nil
  }

  private static func uncommented(_ text: String) -> String? {
    text.firstIndex { $0 == "#" || $0 == ";" }.map { String(text[..<$0]) }
  }

  /// What stands before a comment of another language: a space and then `//`, `/*` or `--`.
  static func withoutForeignComment(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    let marks = ["//", "/*", "--"].map { Array($0.utf8)[...] }
    let mark = bytes.indices.dropFirst().dropLast().first { index in
      bytes[index - 1].isBlank && marks.contains { $0 == bytes[index...(index + 1)] }
    }
    return mark.map { trimmed(String(decoding: bytes[..<$0], as: UTF8.self)) }
  }

  private static func ungrouped(_ text: String) -> String? {
    let rest = text.filter { $0 != "_" && $0 != "'" }
    return rest != text && rest.utf8.allSatisfy(\.isDigit) ? rest : nil
  }

  // MARK: Lists

  private static let lists: [Step] = [
    ("has brackets", unbracketed),
    ("has quotes", { $0.filter { $0 != "\"" && $0 != "'" } }),
    ("has no commas between its items", withCommas),
  ]

  private static let ranges: [Step] = [
    (
      "has a range without -",
      { replacing(["...", "..", "\u{2013}", "\u{2014}", " to ", ":"], by: "-", in: $0) }
    )
  ]

  private static func unbracketed(_ text: String) -> String? {
    guard text.count >= 2, let first = text.first, let last = text.last,
      ["[]", "()", "{}"].contains("\(first)\(last)")
    else { return nil }
    let items = text.dropFirst().dropLast().split(separator: ",").map { item in
      trimmed(item.filter { $0 != "\"" && $0 != "'" })
    }
    return items.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  private static func withCommas(_ text: String) -> String? {
    let items = text.split { $0 == " " || $0 == "\t" || $0 == "," || $0 == ";" || $0 == "|" }
    return items.count > text.split(separator: ",").count ? items.joined(separator: ", ") : nil
  }

  /// `127.0.0.1:8101, localhost:8102`: replicas of `ports` are where lbd is.
  private static func portsAlone(_ text: String) -> String? {
    let ports = text.split { ", \t".contains($0) }.map { PortItem(String($0))?.port }
    let own = ports.compactMap { $0 }.map { "\($0)" }
    return own.count == ports.count ? own.joined(separator: ", ") : nil
  }

  private static func hundreds(_ text: String) -> String? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
    return parts.map { part in
      let bytes = Array(part.lowercased().utf8)
      let isFamily = bytes.count == 3 && bytes[0].isDigit && bytes[1...] == Array("xx".utf8)[...]
      return isFamily ? "\(part.prefix(1))00-\(part.prefix(1))99" : part
    }.joined(separator: ", ")
  }

  /// `10.0.0.0/255.0.0.0` and `10.*`.
  private static func prefixLength(_ text: String) -> String? {
    let masks = [
      ("255.0.0.0", 8), ("255.255.0.0", 16), ("255.255.255.0", 24), ("255.255.255.255", 32),
    ]
    if let (mask, bits) = masks.first(where: { text.hasSuffix("/" + $0.0) }) {
      return "\(text.dropLast(mask.count))\(bits)"
    }
    let labels = text.split(separator: ".")
    let fixed = labels.prefix { $0 != "*" }
    guard fixed.count < labels.count, (1...3).contains(fixed.count),
      labels.dropFirst(fixed.count).allSatisfy({ $0 == "*" })
    else { return nil }
    let zeros = Array(repeating: "0", count: 4 - fixed.count)
    return (fixed.map { String($0) } + zeros).joined(separator: ".") + "/\(fixed.count * 8)"
  }

  // MARK: Addresses, paths and percentages

  private static let addresses: [Step] = [
    ("is a URL", { withoutScheme($0).map { host in host.contains(":") ? host : "\(host):80" } }),
    ("is a path", { $0.hasPrefix("/") ? "unix:\($0)" : nil }),
    (
      "has slashes too many",
      { replacing(["unix//"], by: "unix:/", in: $0) }
    ),
    ("has a path behind it", withoutPath),
    ("has options behind it", { $0.split(separator: " ").first.map { String($0) } }),
    (
      "has no host",
      { $0.hasPrefix(":") ? "127.0.0.1\($0)" : wholeNumber($0).map { "127.0.0.1:\($0)" } }
    ),
    ("has a space before the port", { replacing([" "], by: ":", in: $0) }),
    ("has a user", { $0.split(separator: "@").last.map { String($0) } }),
    ("has no address", { $0.hasPrefix("*:") ? "0.0.0.0\($0.dropFirst())" : nil }),
    ("is a name", { replacing(["localhost:"], by: "127.0.0.1:", in: $0) }),
  ]

  /// Of a URL of plain HTTP what stands between `//` and the next `/`.
  private static func withoutScheme(_ text: String) -> String? {
    let schemes = ["http://", "tcp://", "h2c://", "ws://", "//"]
    guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
    return String(text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" })
  }

  private static func withoutPath(_ text: String) -> String? {
    guard !text.hasPrefix("unix:") else { return nil }
    return String(text.prefix { $0 != "/" })
  }

  private static func withoutProtocol(_ text: String) -> String? {
    replacing(["/tcp", "/http"], by: "", in: text)
  }

  /// The port of `0.0.0.0:80` and of `:80`; of two numbers, nobody knows which is meant.
  private static func afterColon(_ text: String) -> String? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, wholeNumber(parts[0]) == nil else { return nil }
    return parts.last.map { String($0) }
  }

  private static func pathOfURL(_ text: String) -> String? {
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
    let path = text.dropFirst(scheme.count).drop { $0 != "/" }
    return path.isEmpty ? "/" : String(path)
  }

  private static func pathOfFile(_ text: String) -> String? {
    let schemes = ["unix://", "unix:", "file://", "file:"]
    return schemes.first { text.hasPrefix($0) }.map { String(text.dropFirst($0.count)) }
  }

  /// A word such as `on` names no file.
  private static func inThisDirectory(_ text: String) -> String? {
    text.contains(".") && !text.contains("/") && !text.contains(" ") ? "./\(text)" : nil
  }

  /// The path of `GET /health HTTP/1.1`.
  private static func behindMethod(_ text: String) -> String? {
    let words = text.split(separator: " ")
    guard words.count > 1, words[1].hasPrefix("/"), !words[1].hasPrefix("//"),
      ["GET", "HEAD", "OPTIONS", "POST", "PUT"].contains(words[0].uppercased()),
      words.count == 2 || words[2].hasPrefix("HTTP/") && words.count == 3
    else { return nil }
    return String(words[1])
  }

  private static func slashed(_ text: String) -> String? {
    text.utf8.allSatisfy { $0.isNameByte || $0 == .slash } ? "/\(text)" : nil
  }

  /// `20`, `20 %` and `0.2`.
  private static func percent(_ text: String) -> String? {
    if text.hasPrefix("0."), let tenths = wholeNumber(text.dropFirst(2)), text.utf8.count <= 4 {
      return text.utf8.count == 3 ? "\(tenths * 10)%" : "\(tenths)%"
    }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let rest = trimmed(text[digits.endIndex...]).lowercased()
    return ["", "%", "percent"].contains(rest) ? "\(digits)%" : nil
  }

  /// The first of the pieces that is there, everywhere.
  private static func replacing(_ pieces: [String], by other: String, in text: String) -> String? {
    for piece in pieces {
      let (bytes, wanted) = (Array(text.utf8), Array(piece.utf8))
      var (result, index, isFound): ([UInt8], Int, Bool) = ([], 0, false)
      while index < bytes.count {
        if bytes[index...].starts(with: wanted) {
          result += Array(other.utf8)
          index += wanted.count
          isFound = true
        } else {
          result.append(bytes[index])
          index += 1
        }
      }
      if isFound { return String(decoding: result, as: UTF8.self) }
    }
    return nil
  }
}
