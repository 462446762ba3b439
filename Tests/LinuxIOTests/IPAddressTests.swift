// Addresses in text and bytes, and the networks that hold them.

import LinuxIO
import Testing

struct IPAddressTests {
  private func address(_ text: String) -> IPAddress? { IPAddress(Array(text.utf8).span) }

  @Test(arguments: [
    "127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "2001:db8::1", "::ffff:1.2.3.4",
  ])
  func `an address in text comes back as it was`(_ text: String) throws {
    #expect(AddressText(try #require(address(text))).description == text)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ", "a", ":::",
    "1::2::3",
    "::1%lo", "[::1]", "1.2.3.4\u{0}", String(repeating: "1", count: 64),
  ])
  func `what is no address is none`(_ text: String) {
    #expect(address(text) == nil)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.255.255", true), ("::1", true), ("::ffff:127.0.0.2", true),
    ("126.0.0.1", false), ("128.0.0.1", false), ("0.0.0.0", false), ("::", false), ("::2", false),
    ("1::1", false), ("::1:0", false), ("::ffff:10.0.0.1", false), ("::127.0.0.1", false),
    ("fe80::1", false),
  ])
  func `who has an address of loopback is on this machine`(_ text: String, _ isLoopback: Bool)
    throws
  {
    #expect(try #require(address(text)).isLoopback == isLoopback)
  }

  @Test func `an IPv4 address that IPv6 shows is IPv4, and back`() throws {
    let four = try #require(address("192.0.2.1"))
    let six = try #require(address("::ffff:192.0.2.1"))
    #expect(six.unmapped == four && four.mapped == six && four.unmapped == four && six != four)
    let other = try #require(address("::fffe:192.0.2.1"))
    #expect(other.unmapped == other)
    #expect(four.wire.count == 4 && six.wire.count == 16)
    #expect(IPAddress(wire: six.wire) == six)
  }

  @Test(arguments: [
    ("10.0.0.0", 8, "10.255.0.1", true), ("10.0.0.0", 8, "11.0.0.0", false),
    ("10.1.2.3", 8, "10.9.9.9", true), ("192.0.2.4", 30, "192.0.2.7", true),
    ("192.0.2.4", 30, "192.0.2.8", false), ("192.0.2.1", 32, "192.0.2.1", true),
    ("192.0.2.1", 32, "192.0.2.0", false), ("0.0.0.0", 0, "1.2.3.4", true),
    ("0.0.0.0", 0, "::1", false), ("::", 0, "1.2.3.4", false), ("::", 0, "fe80::1", true),
    ("fd00::", 8, "fd12::1", true), ("fd00::", 8, "fe00::1", false),
    ("2001:db8::", 33, "2001:db8:7fff::1", true), ("2001:db8::", 33, "2001:db8:8000::1", false),
    ("::1", 128, "::1", true), ("::1", 128, "::2", false),
    ("::ffff:10.0.0.0", 104, "10.1.2.3", true), ("::ffff:10.0.0.0", 104, "11.1.2.3", false),
  ])
  func `a network holds the addresses that begin like it`(
    _ start: String, _ prefix: Int, _ text: String, _ holds: Bool
  ) throws {
    let network = Network(try #require(address(start)), prefix: prefix)
    #expect(network.contains(try #require(address(text))) == holds)
  }
}
