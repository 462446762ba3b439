/// The IP addresses that begin with the same bits, written `10.0.0.0/8`, `fd00::/8`, or as one address.
package struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
  /// IPv4, or IPv6 as RFC 5952 writes it.
  package let address: String
  /// How many bits are the same: at most 32, or 128 for IPv6.
  package let prefix: Int

  package var description: String { prefix == bits ? address : "\(address)/\(prefix)" }

  private var bits: Int { address.utf8.contains(.colon) ? 128 : 32 }

  private init(address: String) {
    self.address = address
    prefix = address.utf8.contains(.colon) ? 128 : 32
  }

  private init(address: String, prefix: Int) {
    self.address = address
    self.prefix = prefix
  }

  static func read(_ text: String) -> Reading<NetworkRange> {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = readAddress(parts[0]) else {
      return .refused("\(quoted(parts[0])) is not an IP address, write 10.0.0.1, 10.0.0.0/8 or ::1")
    }
    let single = NetworkRange(address: address)
    guard parts.count == 2 else { return .value(single) }
    guard let prefix = wholeNumber(parts[1]), prefix <= single.prefix else {
      return .refused(
        "\(quoted(parts[1])) is not a count of bits, write 0 to \(single.prefix)",
        offset: parts[0].utf8.count + 1)
    }
    return .value(NetworkRange(address: address, prefix: prefix))
  }

  private static func readAddress(_ text: Substring) -> String? {
    if text.utf8.contains(.colon) { return IPv6Address(text)?.description }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return HostName.isIPv4(labels) ? String(text) : nil
  }
}
