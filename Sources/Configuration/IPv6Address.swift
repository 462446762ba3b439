/// The eight groups of an IPv6 address, read from any spelling RFC 4291 §2.2 allows, without a zone.
struct IPv6Address: CustomStringConvertible {
  private let groups: [UInt16]

  init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 45 else { return nil }
    let parts = String(text).split(separator: ":", omittingEmptySubsequences: false)
      .map { String($0) }
    // "::" leaves an empty part in the middle, and one more at an end where it stands there.
    let inner = parts.indices.dropFirst().dropLast().filter { parts[$0].isEmpty }
    guard inner.count <= 1 else { return nil }
    guard let gap = inner.first else {
      guard let groups = IPv6Address.groups(parts, endsAddress: true), groups.count == 8 else {
        return nil
      }
      self.groups = groups
      return
    }
    let head = gap == 1 && parts[0].isEmpty ? [] : Array(parts[..<gap])
    let tail = gap == parts.count - 2 && parts[gap + 1].isEmpty ? [] : Array(parts[(gap + 1)...])
    guard let front = IPv6Address.groups(head, endsAddress: false),
      let back = IPv6Address.groups(tail, endsAddress: true), front.count + back.count <= 7
    else { return nil }
    groups = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
  }

  /// The last part may be an IPv4 address, which is two groups.
  private static func groups(_ parts: [String], endsAddress: Bool) -> [UInt16]? {
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if endsAddress, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
        let labels = part.split(separator: ".", omittingEmptySubsequences: false)
        guard HostName.isIPv4(labels) else { return nil }
        let bytes = labels.compactMap { UInt16($0) }
        groups += [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]]
        continue
      }
      guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.isLetter || $0.isDigit }),
        let group = UInt16(part, radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }

  /// The IPv4 address that this one stands for (RFC 4291 §2.5.5.2); nil for any other.
  var mappedIPv4: String? {
    guard groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF else { return nil }
    return [groups[6] >> 8, groups[6] & 255, groups[7] >> 8, groups[7] & 255]
      .map { String($0) }.joined(separator: ".")
  }

  /// RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zeros as `::`.
  var description: String {
    var gap = 0..<0
    for start in groups.indices where groups[start] == 0 {
      let end = groups[start...].firstIndex { $0 != 0 } ?? groups.endIndex
      if end - start > gap.count { gap = start..<end }
    }
    func hex(_ groups: ArraySlice<UInt16>) -> String {
      groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    return gap.count < 2
      ? hex(groups[...]) : hex(groups[..<gap.lowerBound]) + "::" + hex(groups[gap.upperBound...])
  }
}
