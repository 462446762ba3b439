// The control socket of an lbd that runs: whatever befalls its file, it is there again.

import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ControlSocketFileTests {
  private func expectAnew(_ stage: Stage) throws {
    try eventually("it is made anew: \(stage.lbd?.error ?? "")", within: 30) {
      try stage.lbctl("health").status == 0
    }
    let lines = stage.lbd?.error.split(separator: "\n") ?? []
    #expect(lines.count { $0.contains("\"event\":\"control-socket\"") } == 1, "\(lines)")
    #expect(lines.contains { $0.contains("made anew") })
    let facts = try FileManager.default.attributesOfItem(atPath: stage.socketPath)
    #expect(facts[.posixPermissions] as? Int == 0o660)
    #expect(!Files.mayExist(stage.socketPath + ".next"))
  }

  @Test func `one that was removed is made anew, and that is said`() throws {
    let stage = try Stage(replicas: 1)
    try Files.remove(stage.socketPath)
    try expectAnew(stage)
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    #expect(!Files.mayExist(stage.socketPath))
  }

  @Test func `one in whose place a dead socket was put is made anew`() throws {
    let stage = try Stage(replicas: 1)
    let other = stage.directory + "/other"
    do { _ = try Socket.listen(try #require(SocketAddress(path: other))) }
    try Files.rename(other, to: stage.socketPath)
    try expectAnew(stage)
  }

  @Test func `another's socket is left alone as long as it answers, and said`() throws {
    let stage = try Stage(replicas: 1)
    let other = stage.directory + "/other"
    do {
      let listener = try Socket.listen(try #require(SocketAddress(path: other)))
      try Files.rename(other, to: stage.socketPath)
      let identity = Files.identity(stage.socketPath)
      try eventually("it is said") {
        stage.lbd?.error.contains("process \(getpid()) listens in its place") == true
      }
      #expect(Files.identity(stage.socketPath) == identity)
      _ = consume listener
    }
    try eventually("it is made anew", within: 30) { try stage.lbctl("health").status == 0 }
  }

  @Test func `a file in its place is left alone, and said; without it the socket is back`() throws {
    let stage = try Stage(replicas: 1)
    try Files.remove(stage.socketPath)
    try "precious".write(toFile: stage.directory + "/other", atomically: true, encoding: .utf8)
    try Files.rename(stage.directory + "/other", to: stage.socketPath)
    try eventually("it is said") {
      stage.lbd?.error.contains("a file that is no socket is in its place") == true
    }
    #expect(try String(contentsOfFile: stage.socketPath, encoding: .utf8) == "precious")
    try Files.remove(stage.socketPath)
    try eventually("it is made anew", within: 30) { try stage.lbctl("health").status == 0 }
  }

  @Test func `who is connected already is answered on`() throws {
    let stage = try Stage(replicas: 1)
    let caller = try Connection(try #require(SocketAddress(path: stage.socketPath)))
    #expect(try caller.get("/version").status == 200)
    try Files.remove(stage.socketPath)
    try eventually("it is made anew", within: 30) { Files.isSocket(stage.socketPath) }
    #expect(try caller.get("/version").status == 200)
  }
}
