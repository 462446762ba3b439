// Lines on their way from one thread to another.

import Foundation
import Glibc
import LinuxIO
import Testing

struct LogRingTests {
  /// A file that a ring is emptied into.
  private final class Sink {
    let path = FileManager.default.temporaryDirectory.path + "/lbd-ring-\(UUID().uuidString)"
    let file: Descriptor

    init() throws { file = try Files.openToAppend(path, mode: 0o600) }
    deinit { try? Files.remove(path) }

    func lines() throws -> [String] {
      String(decoding: try Files.read(path, limit: 64 << 20), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false
      ).dropLast().map(String.init)
    }
  }

  /// A pipe of which nobody reads until `read`.
  private final class Pipe {
    let path = FileManager.default.temporaryDirectory.path + "/lbd-pipe-\(UUID().uuidString)"
    let writer: Descriptor
    let reader: Descriptor

    init() throws {
      guard unsafe mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo", errno) }
      writer = try Files.openToAppend(path, mode: 0)
      reader = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
    }
    deinit { try? Files.remove(path) }

    func read(atMost limit: Int = 1 << 20) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: limit)
      // Safe: the kernel writes at most the array's bytes.
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(reader.raw, $0.baseAddress, $0.count)
      }
      return Array(bytes.prefix(max(0, count)))
    }
  }

  private func write(_ text: String, to ring: LogRing) {
    ring.write(Array("\(text)\n".utf8).span)
  }

  @Test func `lines come out in their order, over the ring's end too`() throws {
    let ring = LogRing(capacity: 1 << 17)
    let pipe = try Pipe()
    var expected: [UInt8] = []
    var text: [UInt8] = []
    // The pipe takes half of the ring and is read bit by bit: so the ring is never empty, and wraps.
    for index in 0..<5000 {
      let line = "\(index) " + String(repeating: "x", count: index * 37 % 200)
      write(line, to: ring)
      expected += Array("\(line)\n".utf8)
      guard ring.pending > 120_000 else { continue }
      _ = ring.drain(to: pipe.writer)
      text += pipe.read(atMost: 10_000)
    }
    while ring.pending > 0 {
      _ = ring.drain(to: pipe.writer)
      text += pipe.read()
    }
    #expect(text + pipe.read() == expected)
    #expect(ring.dropped == 0 && ring.drain(to: pipe.writer) == .ended)
  }

  @Test func `a full ring drops whole lines and counts them`() throws {
    let ring = LogRing(capacity: 4096)
    let line = String(repeating: "y", count: 99)
    for _ in 0..<50 { write(line, to: ring) }
    #expect(ring.dropped == 10 && ring.pending == 4000)
    write(String(repeating: "z", count: 94), to: ring)
    write("", to: ring)
    #expect(ring.dropped == 10 && ring.pending == 4096)
    write("", to: ring)
    #expect(ring.dropped == 11 && ring.pending == 4096)
    let sink = try Sink()
    _ = ring.drain(to: sink.file)
    #expect(try sink.lines().prefix(40).allSatisfy { $0 == line })
    write(line, to: ring)
    #expect(ring.pending == 100)
  }

  @Test func `a line that a file takes in part goes on where it was`() throws {
    let ring = LogRing()
    let pipe = try Pipe()
    let line = String(repeating: "p", count: 999)
    for _ in 0..<500 { write(line, to: ring) }
    var text: [UInt8] = []
    var wasTorn = false
    while ring.pending > 0 {
      if ring.drain(to: pipe.writer) == .wouldBlock { text += pipe.read() }
      wasTorn = wasTorn || ring.isTorn
    }
    text += pipe.read()
    #expect(wasTorn)
    #expect(text == Array(String(repeating: line + "\n", count: 500).utf8))
  }

  @Test func `the rest of a torn line can be given up, which counts as one`() throws {
    let ring = LogRing()
    let pipe = try Pipe()
    let line = String(repeating: "q", count: 999)
    for _ in 0..<100 { write(line, to: ring) }
    _ = ring.drain(to: pipe.writer)
    #expect(ring.isTorn)
    let before = ring.pending
    ring.discardTornLine()
    #expect(!ring.isTorn && ring.dropped == 1)
    #expect(ring.pending % 1000 == 0 && before - ring.pending < 1000)
    ring.discardTornLine()
    #expect(ring.dropped == 1)
    ring.discard()
    #expect(ring.pending == 0 && ring.dropped == 1)
  }

  @Test func `between two threads no line is lost but those that are counted`() throws {
    let ring = LogRing(capacity: 1 << 14)
    let total = 200_000
    let thread = try Thread.start("writer") {
      for index in 0..<total { ring.write(Array("line \(index) of many\n".utf8).span) }
    }
    let sink = try Sink()
    let deadline = Clock.now() + 60_000_000_000
    var isOver = false
    while !isOver && Clock.now() < deadline {
      if ring.drain(to: sink.file) == .ended {
        let lines = try sink.lines().count
        isOver = lines + ring.dropped == total
      }
    }
    thread.join()
    #expect(isOver)
    let numbers = try sink.lines().compactMap { line -> Int? in
      guard line.hasSuffix(" of many") else { return nil }
      return Int(line.dropFirst(5).dropLast(8))
    }
    #expect(numbers.count + ring.dropped == total)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `the first line after arming rings, and a ring that fills to a quarter does`() throws {
    let bell = try LogBell()
    let ring = LogRing(capacity: 4096, bell: bell)
    func hasRung() -> Bool {
      let outcome = bell.wakeUp.descriptor.wait(until: .readable, milliseconds: 0)
      bell.wakeUp.clear()
      return outcome == .ready
    }
    write("a", to: ring)
    #expect(!hasRung())
    bell.arm()
    write("b", to: ring)
    #expect(hasRung())
    write("c", to: ring)
    #expect(!hasRung())
    write(String(repeating: "d", count: 1100), to: ring)
    #expect(hasRung())
    write("e", to: ring)
    #expect(!hasRung())
  }

  @Test func `a pipe without a reader opens at once`() throws {
    let path = FileManager.default.temporaryDirectory.path + "/lbd-pipe-\(UUID().uuidString)"
    guard unsafe mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo", errno) }
    defer { try? Files.remove(path) }
    let ring = LogRing()
    write("a line that waits in the pipe", to: ring)
    #expect(ring.drain(to: try Files.openToAppend(path, mode: 0)) == .moved(30))
  }
}
