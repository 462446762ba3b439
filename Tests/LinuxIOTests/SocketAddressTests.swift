// Addresses from text, into text, and through the kernel.

import LinuxIO
import Testing

struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "0.0.0.0:80"),
    ("255.255.255.255", "255.255.255.255:80"),
    ("::1", "[::1]:80"), ("::", "[::]:80"), ("2001:DB8:0:0::1", "[2001:db8::1]:80"),
    ("::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80"),
  ])
  func `an IP address reads as it was written, in its short form`(_ ip: String, _ text: String) {
    let address = SocketAddress(ip: ip, port: 80)
    #expect(address?.description == text)
    #expect(address?.port == 80)
  }

  @Test(arguments: [
    "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4:80", "[::1]", ":::",
  ])
  func `what is no IP address is none`(_ text: String) {
    #expect(SocketAddress(ip: text, port: 80) == nil)
  }

  @Test(arguments: [UInt16.min, 1, 255, 256, 8080, .max])
  func `ports keep their bytes in order`(_ port: UInt16) {
    #expect(SocketAddress(ip: "127.0.0.1", port: port)?.port == port)
    #expect(SocketAddress(ip: "::1", port: port)?.port == port)
  }

  @Test func `the bytes of an address are those of the wire`() throws {
    let four = try #require(SocketAddress(ip: "1.2.3.4", port: 5))
    let six = try #require(SocketAddress(ip: "102::ff", port: 5))
    let path = try #require(SocketAddress(path: "/x"))
    #expect((0..<16).map { four.ip!.bytes[$0] } == [1, 2, 3, 4] + Array(repeating: 0, count: 12))
    #expect((0..<16).map { six.ip!.bytes[$0] } == [1, 2] + Array(repeating: 0, count: 13) + [255])
    #expect(path.ip == nil)
  }

  @Test func `a path of 1 to 107 bytes without a NUL is an address`() throws {
    let longest = "/" + String(repeating: "a", count: 106)
    let address = try #require(SocketAddress(path: longest))
    #expect(address.host == longest && address.description == "unix:\(longest)")
    #expect(address.port == 0)
    #expect(SocketAddress(path: "") == nil)
    #expect(SocketAddress(path: longest + "a") == nil)
    #expect(SocketAddress(path: "/a\0b") == nil)
  }

  @Test func `addresses are equal when all of them is`() {
    let address = SocketAddress(ip: "127.0.0.1", port: 80)
    #expect(address == SocketAddress(ip: "127.0.0.1", port: 80))
    #expect(address != SocketAddress(ip: "127.0.0.1", port: 81))
    #expect(address != SocketAddress(ip: "127.0.0.2", port: 80))
    #expect(address != SocketAddress(ip: "::ffff:127.0.0.1", port: 80))
    #expect(SocketAddress(path: "/a") != SocketAddress(path: "/b"))
  }

  @Test func `an IP address resolves to itself`() {
    #expect(SocketAddress.resolve("::1", port: 9).map(\.description) == ["[::1]:9"])
  }

  @Test(arguments: ["127.0.0.1", "::1"])
  func `a listener's connection knows both ends`(_ ip: String) throws {
    let wished = try #require(SocketAddress(ip: ip, port: 0))
    let listener = try Socket.listen(wished)
    let local = Socket.localAddress(listener)
    let bound = try #require(local)
    #expect(bound.host == ip && bound.port != 0)
    guard let client = connected(to: bound) else { throw SystemError("connect", 0) }
    let wait = listener.wait(until: .readable, milliseconds: 5000)
    #expect(wait == .ready)
    guard case .accepted(let socket, let peer) = Socket.accept(listener) else {
      throw SystemError("accept", 0)
    }
    let (own, other) = (Socket.localAddress(client), Socket.localAddress(socket))
    #expect(own == peer && other == bound)
  }

  private func connected(to address: SocketAddress) -> Descriptor? {
    switch Socket.connect(address) {
    case .connected(let socket): socket
    case .connecting(let socket): socket
    case .failed: nil
    }
  }
}
