// What a proxy says first on its connection, right and wrong.

/// Headers of the PROXY protocol.
enum ProxyHeaders {
  private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

  /// One that must be accepted from a trusted address.
  static func valid(_ random: inout Seeded) -> [UInt8] {
    switch random.number(0...5) {
    case 0:
      let ports = "\(random.number(0...65535)) \(random.number(0...65535))"
      return Array("PROXY TCP4 192.0.2.\(random.number(0...255)) 127.0.0.1 \(ports)\r\n".utf8)
    case 1: return Array("PROXY TCP6 2001:db8::\(random.number(1...9)) ::1 1 65535\r\n".utf8)
    case 2: return Array(random.pick(["PROXY UNKNOWN\r\n", "PROXY UNKNOWN a b c\r\n"]).utf8)
    case 3: return block(0x21, 0x11, random.bytes(12) + random.pick([[], [4, 0, 1, 0]]))
    case 4:
      return block(
        0x21, 0x21, random.bytes(36) + [UInt8](repeating: 4, count: random.length(atMost: 4000)))
    default: return block(0x20, 0, random.noise(40))
    }
  }

  static func hostile(_ random: inout Seeded) -> [UInt8] {
    let valid = valid(&random)
    switch random.number(0...8) {
    case 0: return Array(valid.prefix(random.number(0...valid.count)))
    case 1: return valid + valid
    case 2:
      return block(UInt8(random.number(0...255)), UInt8(random.number(0...255)), random.noise(300))
    case 3: return signature + [0x21, 0x11, 0xFF, 0xFF] + random.noise(5000)
    case 4:
      return signature + [0x21, UInt8(random.pick([0x11, 0x21])), 0, UInt8(random.number(0...40))]
    case 5:
      return Array("PROXY TCP4 \(String(repeating: "1", count: random.number(60...200)))".utf8)
    case 6:
      return Array(
        random.pick([
          "PROXY TCP4 1.2.3.4 5.6.7.8 65536 1\r\n", "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY \r\n",
          "PROXY TCP4 999.2.3.4 5.6.7.8 1 1\r\n", "PROXY TCP4  1.2.3.4 5.6.7.8 1 1\r\n",
          "PROXY TCP6 1.2.3.4 5.6.7.8 1 1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 01 1\r\n", "PROXY\r\n",
          "PROXY TCP4 1.2.3.4 5.6.7.8 1 1\n", "proxy TCP4 1.2.3.4 5.6.7.8 1 1\r\n",
        ]).utf8)
    case 7: return signature.dropLast(random.number(1...11)) + random.noise(20)
    default:
      var bytes = valid
      Mutation.apply(to: &bytes, times: random.number(1...3), words: ["TCP6 ", "\r\n"], &random)
      return bytes
    }
  }

  private static func block(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
    signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
  }
}

extension Seeded {
  /// So many bytes of any sort.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}
