// Signals that come while lbd starts: none of them kills it, at whatever moment.

import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct EarlySignalTests {
  /// An lbd that is on its way, without a replica.
  private func begin(_ stage: Stage, by script: String? = nil) throws -> Apart {
    let lbd = [try Binaries.path("lbd"), "-c", stage.confPath]
    let shell = script.map { ["/bin/sh", "-c", $0] } ?? []
    return try Apart(shell + lbd, log: stage.directory + "/log")
  }

  /// Spins until its control socket is there: the first thing of it that others see.
  private func awaitSocket(_ stage: Stage, _ lbd: Apart) throws {
    let deadline = Clock.now() + 10_000_000_000
    while !Files.mayExist(stage.socketPath) {
      guard Clock.now() < deadline else { throw TestFailure("no control socket: \(lbd.log)") }
    }
  }

  private func awaitStart(_ lbd: Apart) throws {
    try eventually("it listens: \(lbd.log)") {
      guard lbd.isRunning else { throw TestFailure("it was ended: \(try lbd.exitStatus())") }
      return lbd.log.contains("\"event\":\"start\"")
    }
  }

  @Test func `a TERM as soon as anything of it is seen ends it with 0`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    for _ in 0..<60 {
      let lbd = try begin(stage)
      try awaitSocket(stage, lbd)
      lbd.signal(SIGTERM)
      try #require(try lbd.exitStatus() == 0)
      #expect(!Files.mayExist(stage.socketPath))
    }
  }

  @Test func `a TERM at any moment of a start ends it with 0, or before it has begun`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    var random = Seeded(7)
    for _ in 0..<150 {
      try? Files.remove(stage.directory + "/log")
      let lbd = try begin(stage)
      let moment = Clock.now() + UInt64.random(in: 0..<6_000_000, using: &random)
      while Clock.now() < moment {}
      lbd.signal(SIGTERM)
      let status = try lbd.exitStatus()
      // Whoever is killed before its own first instruction has opened nothing and said nothing.
      let hasBegun = Files.mayExist(stage.socketPath) || !lbd.log.isEmpty
      try #require(status == 0 || status == 128 + SIGTERM && !hasBegun, "\(status)")
    }
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1])
  func `none of its signals kills it while it waits for its port`(_ signal: Int32) throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    var taken = Optional(
      try Socket.listen(try #require(SocketAddress(ip: "127.0.0.1", port: stage.mainPort))))
    // So that it waits for the service manager to close what it seems to hold.
    let script =
      "exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=kept-listener exec \"$0\" \"$@\""
    let lbd = try begin(stage, by: script)
    try awaitSocket(stage, lbd)
    lbd.signal(signal)
    _ = taken.take()
    if signal != SIGTERM {
      try awaitStart(lbd)
      lbd.signal(SIGTERM)
    }
    #expect(try lbd.exitStatus() == 0)
  }
}
