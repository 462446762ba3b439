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

  /// A ring of which a pipe has taken a part that ends within a line.
  private func tornRing(_ pipe: Pipe) -> LogRing {
    let ring = LogRing()
    for index in 0..<100 { write("\(index) " + String(repeating: "q", count: 990), to: ring) }
    _ = ring.drain(to: pipe.writer)
    return ring
  }

  @Test func `a torn line is taken back out of its file, and goes whole elsewhere`() throws {
    let (pipe, sink, other) = (try Pipe(), try Sink(), try Sink())
    let ring = tornRing(pipe)
    #expect(ring.isTorn && ring.pendingLines + pipe.read().count { $0 == 0x0A } == 100)
    let pending = ring.pendingLines
    // A file that ended there with its disk full has the same.
    let begun = "before\n" + String(repeating: "q", count: ring.pending)
    _ = Files.appendSome(Array(begun.utf8), to: sink.file)
    _ = Files.appendSome(Array("x".utf8), to: other.file)
    let outcomes = [
      ring.takeBackTornLine(from: pipe.writer), ring.takeBackTornLine(from: other.file),
    ]
    #expect(outcomes == [false, false] && ring.isTorn)
    var isBack = ring.takeBackTornLine(from: sink.file)
    #expect(isBack && !ring.isTorn)
    isBack = ring.takeBackTornLine(from: sink.file)
    #expect(isBack && ring.pendingLines == pending && ring.dropped == 0)
    let next = try Sink()
    while ring.drain(to: next.file) != .ended {}
    let lines = try next.lines()
    #expect(lines.count == pending && lines.allSatisfy { $0.hasSuffix("q") && $0.first != "q" })
  }

  @Test func `nothing is taken back of a file that others have written to`() throws {
    let (pipe, sink) = (try Pipe(), try Sink())
    let ring = tornRing(pipe)
    _ = Files.appendSome(Array(repeating: 0x71, count: 2000), to: sink.file)
    let others = try Files.openToAppend(sink.path, mode: 0)
    _ = Files.appendSome(Array("theirs\n".utf8), to: others)
    let isBack = ring.takeBackTornLine(from: sink.file)
    #expect(!isBack && ring.isTorn)
    #expect(try sink.lines().last?.hasSuffix("theirs") == true)
  }

  @Test func `the rest of a torn line can be taken out, for the file that has its beginning`()
    throws
  {
    let pipe = try Pipe()
    let ring = tornRing(pipe)
    let (bytes, pending) = (pipe.read(), ring.pending)
    let rest = ring.takeTornRest()
    #expect(!ring.isTorn && ring.takeTornRest() == [])
    #expect(rest.last == 0x0A && rest.count { $0 == 0x0A } == 1 && ring.dropped == 0)
    let text = String(decoding: bytes + rest, as: UTF8.self)
    #expect(text.split(separator: "\n").allSatisfy { $0.hasSuffix("q") && $0.first != "q" })
    #expect(pending - ring.pending < 1000 && ring.pendingLines + text.count { $0 == "\n" } == 100)
    ring.countDiscarded()
    #expect(ring.dropped == 1)
    ring.discard()
    #expect(ring.pending == 0 && ring.dropped == 1 && ring.pendingLines == 0)
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
