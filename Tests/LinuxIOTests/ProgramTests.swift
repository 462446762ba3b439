// Programs that are started, and what /proc tells of processes and sockets.

import Foundation
import Glibc
import LinuxIO
import Testing

@Suite struct ProgramTests {
  private func shell(_ script: String, _ environment: [String: String] = [:]) -> Program {
    Program(["/bin/sh", "-c", script], environment: environment)
  }

  private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.path + "/lbd-program-\(UUID().uuidString)"
  }

  @Test func `a run keeps both outputs and the status`() throws {
    let outcome = try shell("echo $WORD; echo two >&2; exit 7", ["WORD": "one"]).run()
    #expect(outcome.status == 7)
    #expect(String(decoding: outcome.output, as: UTF8.self) == "one\ntwo\n")
    #expect(try shell("kill -TERM $$").run().status == 128 + SIGTERM)
  }

  @Test func `a program that is not there is an error at once`() {
    #expect(throws: SystemError("posix_spawn /no/such", ENOENT)) {
      try Program(["/no/such"], environment: [:]).run()
    }
  }

  @Test
  func `one that is started apart has a session of its own, nothing to read and default signals`()
    throws
  {
    let path = temporaryPath()
    defer { try? Files.remove(path) }
    let log = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
    let former = signal(SIGUSR2, SIG_IGN)
    defer { _ = signal(SIGUSR2, former) }
    let pid = try shell("cat; grep SigIgn /proc/self/status; echo $$ >&2").startApart(log: log)
    #expect(getsid(pid) == pid)
    var status: Int32 = 0
    #expect(unsafe waitpid(pid, &status, 0) == pid)
    let lines = String(decoding: try Files.readEnd(path, limit: 100), as: UTF8.self)
      .split(separator: "\n")
    // The signals from 32 on are the C library's own.
    let ignored = try #require(UInt64(lines[0].dropFirst("SigIgn:\t".count), radix: 16))
    #expect(ignored & 0x7FFF_FFFF == 0)
    #expect(lines.dropFirst() == ["\(pid)"])
  }

  @Test func `one that is started apart holds no pipe of who started this process`() throws {
    let path = temporaryPath()
    defer { try? Files.remove(path) }
    let log = try Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o600)
    // As a parent that knows nothing of close-on-exec leaves one.
    let stray = dup(log.raw)
    defer { close(stray) }
    let pid = try shell("ls /proc/self/fd").startApart(log: log)
    var status: Int32 = 0
    #expect(unsafe waitpid(pid, &status, 0) == pid)
    // The fourth is the directory that ls reads.
    let lines = String(decoding: try Files.readEnd(path, limit: 100), as: UTF8.self)
    #expect(lines == "0\n1\n2\n3\n")
  }

  @Test func `a process has its start time until it ends, also before anybody waited for it`()
    throws
  {
    let path = temporaryPath()
    defer { try? Files.remove(path) }
    let log = try Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o600)
    let pid = try shell("exec sleep 60").startApart(log: log)
    let start = try #require(ProcessTable.startTime(of: pid))
    #expect(ProcessTable.age(ofStart: start) < 30)
    try ProcessTable.signal(pid, SIGKILL)
    while getpgid(pid) == pid && ProcessTable.startTime(of: pid) != nil {
      Clock.sleep(milliseconds: 1)
    }
    #expect(ProcessTable.startTime(of: pid) == nil)
    // Only now is it waited for.
    #expect(kill(pid, 0) == 0)
    var status: Int32 = 0
    #expect(unsafe waitpid(pid, &status, 0) == pid)
    try ProcessTable.signal(pid, SIGTERM)
  }

  @Test func `a listening socket is found with the process that holds it`() throws {
    let any = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let listener = try Socket.listen(any)
    let bound = Socket.localAddress(listener)
    let port = try #require(bound).port
    let entry = try #require(TCPEntry.all().first { $0.localPort == port && $0.isListening })
    #expect(ProcessTable.holder(ofSocket: entry.inode) == getpid())
    #expect(ProcessTable.holds(getpid(), socket: entry.inode) == true)
    #expect(ProcessTable.holds(getpid(), socket: 1) == false)
    for (ip, isKept) in [
      ("127.0.0.1", true), ("0.0.0.0", true), ("::", false), ("127.0.0.2", false), ("::1", false),
    ] {
      #expect(try entry.keeps(#require(SocketAddress(ip: ip, port: port))) == isKept, "\(ip)")
    }
    #expect(try !entry.keeps(#require(SocketAddress(ip: "127.0.0.1", port: port ^ 1))))
  }

  @Test func `a line of the kernel's table is read, its heading is not`() throws {
    let line =
      "   1: 0100007F:1F91 0200007F:9C40 01 00000000:00000000 00:00000000 00000000  0 0 4711 1 0"
    let entry = try #require(TCPEntry(line: line))
    #expect(entry.localPort == 8081 && entry.remotePort == 40000 && entry.inode == 4711)
    #expect(entry.isEstablished && !entry.isListening)
    #expect(TCPEntry(line: "  sl  local_address rem_address   st tx_queue rx_queue") == nil)
  }

  @Test func `a lock has one holder, and the next gets it when that one's life ends`() throws {
    let path = temporaryPath()
    defer { try? Files.remove(path) }
    func isFree() throws -> Bool { try FileLock.take(path, milliseconds: 0) != nil }
    do {
      let holder = try FileLock.take(path, milliseconds: 0)
      #expect(try isFree() == false)
      _ = consume holder
    }
    #expect(try isFree())
  }

  @Test func `the end of a file is read, or all of a short one`() throws {
    let path = temporaryPath()
    defer { try? Files.remove(path) }
    try "0123456789".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try Files.readEnd(path, limit: 4) == Array("6789".utf8))
    #expect(try Files.readEnd(path, limit: 40).count == 10)
  }
}
