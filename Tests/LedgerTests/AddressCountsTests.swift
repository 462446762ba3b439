import LinuxIO
import Testing

@testable import Ledger

@Suite struct AddressCountsTests {
  private func network(_ ip: String) throws -> ClientNetwork {
    let address = try #require(SocketAddress(ip: ip, port: 1))
    return try #require(ClientNetwork(AddressText(address)))
  }

  @Test func `an address has as many connections as it may, and one more once one has gone`() throws
  {
    let counts = AddressCounts()
    let one = try network("192.0.2.1")
    for _ in 0..<3 { #expect(counts.enter(one, limit: 3)) }
    #expect(!counts.enter(one, limit: 3))
    #expect(counts.enter(try network("192.0.2.2"), limit: 3))
    counts.leave(one)
    #expect(counts.enter(one, limit: 3) && !counts.enter(one, limit: 3))
  }

  @Test func `an IPv6 address counts with its 64 bits, an IPv4 address whole`() throws {
    let (left, right) = (try network("2001:db8::1"), try network("2001:db8::ffff:0:0:2"))
    let other = try network("2001:db8:0:1::1")
    #expect(left == right && left != other)
    #expect(try network("192.0.2.1") != network("192.0.2.2"))
    #expect(try network("::ffff:192.0.2.1") == network("192.0.2.1"))
  }

  @Test func `a client on a Unix socket has no address to count`() throws {
    let address = try #require(SocketAddress(path: "/tmp/x.sock"))
    #expect(ClientNetwork(AddressText(address)) == nil)
  }

  @Test func `what leaves without having entered does no harm`() throws {
    let counts = AddressCounts()
    let one = try network("192.0.2.1")
    counts.leave(one)
    #expect(counts.enter(one, limit: 1) && !counts.enter(one, limit: 1))
  }
}
