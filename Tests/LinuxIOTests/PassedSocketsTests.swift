// What a service manager passes: how its variables are read, and which descriptors are of use.

import Glibc
import Testing

@testable import LinuxIO

@Suite struct PassedSocketsTests {
  private func parse(_ pid: String?, _ count: String?, _ names: String? = nil)
    -> [PassedSockets.Entry]?
  {
    let variables = ["LISTEN_PID": pid, "LISTEN_FDS": count, "LISTEN_FDNAMES": names]
    return PassedSockets.parse(variables.compactMapValues { $0 }, process: 42)
  }

  @Test func `each descriptor from 3 on has its name`() {
    #expect(
      parse("42", "2", "lbd.socket:other") == [
        .init(name: "lbd.socket", number: 3), .init(name: "other", number: 4),
      ])
    #expect(parse("42", "1") == [.init(name: "unknown", number: 3)])
    #expect(parse("42", "2", "one")?.map(\.name) == ["one", "unknown"])
    #expect(parse("42", "0") == [])
  }

  @Test func `what was passed to another process is left alone`() {
    #expect(parse("41", "1", "lbd.socket") == [])
    #expect(parse(nil, "1") == [])
    #expect(parse("42", nil) == [])
  }

  @Test(arguments: [("42", "x"), ("x", "1"), ("42", "-1"), ("42", "99999999999"), ("", "")])
  func `variables that are no numbers are told apart from none`(_ pid: String, _ count: String) {
    #expect(parse(pid, count) == nil)
  }

  private func flaw(_ descriptor: borrowing Descriptor) -> String? {
    PassedSockets.flaw(of: .init(name: "x", number: descriptor.raw))
  }

  @Test func `only a TCP socket that listens has no flaw`() throws {
    let any = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let listener = try Socket.listen(any)
    #expect(flaw(listener) == nil)
    let bound = Socket.localAddress(listener)
    #expect(PassedSockets.address(of: .init(name: "x", number: listener.raw)) == bound)
    let idle = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    #expect(flaw(idle) == "does not listen; Accept= must be no")
    let datagrams = Descriptor(owning: socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0))
    #expect(flaw(datagrams) == "is a datagram socket")
    let unix = Descriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    #expect(flaw(unix) == "is no TCP socket")
    #expect(flaw(try Descriptor.open("/dev/null", O_RDONLY)) == "is no socket")
    #expect(PassedSockets.flaw(of: .init(name: "x", number: 1 << 20)) == "is not open")
  }
}
