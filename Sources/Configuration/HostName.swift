/// A host in its one spelling: a name in lower case, an IPv4 address, or an IPv6 address as RFC 5952
/// writes it.
///
/// Used for `host` and for the addresses of replicas, so that the same host twice compares equal.
enum HostName {
  static func read(_ text: some StringProtocol) -> Reading<String> {
    if text.utf8.contains(.colon) {
      guard let address = IPv6Address(text) else {
        return .refused("\(quoted(text)) is not an IPv6 address, write one such as ::1")
      }
      return .value(address.description)
    }
    var labels = String(text).split(separator: ".", omittingEmptySubsequences: false)
    // A name with its root's dot is complete: it is looked up as it is, in no search domain.
    let isComplete = labels.count > 1 && labels.last == ""
    if isComplete { labels.removeLast() }
    if let last = labels.last, !last.isEmpty, last.utf8.allSatisfy(\.isDigit) {
      guard isIPv4(labels), !isComplete else {
        return .refused("\(quoted(text)) is not an IPv4 address, write one such as 127.0.0.1")
      }
      return .value(String(text))
    }
    guard text.utf8.count <= (isComplete ? 254 : 253), labels.allSatisfy(isLabel) else {
      return .refused("\(quoted(text)) is not a host, write an address or a name in ASCII letters")
    }
    return .value(text.lowercased())
  }

  static func isWildcard(_ host: String) -> Bool { host == "0.0.0.0" || host == "::" }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "localhost." || host == "::1"
      || host.hasPrefix("127.") && isIPv4(host.split(separator: "."))
  }

  /// Four decimal numbers without leading zeros: what `inet_pton` takes, not what `inet_aton` does.
  static func isIPv4(_ labels: [Substring]) -> Bool {
    labels.count == 4
      && labels.allSatisfy { label in
        guard let number = wholeNumber(label) else { return false }
        return number <= 255 && (label.utf8.count == 1 || label.utf8.first != UInt8(ascii: "0"))
      }
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
      && label.utf8.allSatisfy { $0.isNameByte }
  }
}
