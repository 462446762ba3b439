// Probes by the clock of a process that may stand still.

import Configuration
import LinuxIO
import Testing

@testable import Probing

@Suite struct HealthProberTests {
  @Test func `a probe that began within a standstill has an answer all the same`() throws {
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!)
    guard let address = Socket.localAddress(listener) else { throw SystemError("getsockname", 0) }
    let poller = try Poller()
    var prober = HealthProber(
      ProbeSettings(HealthConfiguration(), fieldLimit: 100, proxyHeader: nil), slots: 1, mark: 1,
      now: Clock.now())
    let target = ProbeTarget(
      slot: 0, address: address, host: "test", number: 0, isBeyondDoubt: false, missing: 1,
      latest: 0)
    #expect(prober.start(target, poller) == nil)
    // The time that is lost began before the probe did.
    prober.forgive(3_600_000_000_000, now: Clock.now())
    #expect(listener.wait(until: .readable, milliseconds: 60_000) == .ready)
    guard case .accepted(let peer, _) = Socket.accept(listener) else {
      Issue.record("no connection came")
      return
    }
    let answer = [UInt8]("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
    _ = peer.send(answer.span)
    var result: ProbeResult?
    for _ in 0..<600 where result == nil {
      for index in 0..<poller.wait(milliseconds: 100) {
        result = prober.handle(poller.event(index), poller)
      }
    }
    #expect(result?.verdict == .pass)
    #expect(result.map { $0.nanoseconds < 3_600_000_000_000 } == true)
  }
}
