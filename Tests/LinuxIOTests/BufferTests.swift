// What a buffer holds after each call, and that blocks find their way home.

import Glibc
import LinuxIO
import Testing

struct BufferTests {
  private static let headroom = BufferPool.headroom

  private func text(_ buffer: borrowing Buffer) -> String {
    let bytes = buffer.bytes
    return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
  }

  private func append(_ text: String, to buffer: inout Buffer) -> Bool {
    let bytes = Array(text.utf8)
    return buffer.append(bytes.span)
  }

  private func prepend(_ text: String, to buffer: inout Buffer) -> Bool {
    let bytes = Array(text.utf8)
    return buffer.prepend(bytes.span)
  }

  @Test func `a borrowed buffer is empty behind its headroom`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 5000)
    let buffer = pool.borrow()
    guard buffer.isHeld else { throw Failure.noBuffer }
    let facts = [buffer.start, buffer.end, buffer.count, buffer.capacity, buffer.space]
    #expect(facts == [BufferTests.headroom, BufferTests.headroom, 0, 8192, 8192 - 1024])
  }

  @Test func `bytes are put behind, before, consumed and cut off`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 4096)
    var buffer = pool.borrow()
    guard buffer.isHeld else { throw Failure.noBuffer }
    #expect(append("hello", to: &buffer) && append(" world", to: &buffer))
    #expect(prepend(">> ", to: &buffer))
    #expect(text(buffer) == ">> hello world")
    buffer.consume(3)
    buffer.truncate(at: buffer.start + 5)
    #expect(text(buffer) == "hello")
    var changed = buffer.mutableSlice(buffer.start, buffer.start + 1)
    changed[0] = UInt8(ascii: "j")
    #expect(text(buffer) == "jello")
    buffer.reset()
    let (isEmpty, start) = (buffer.isEmpty, buffer.start)
    #expect(isEmpty && start == BufferTests.headroom)
  }

  @Test func `what does not fit is not put there at all`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 4096)
    var buffer = pool.borrow()
    guard buffer.isHeld else { throw Failure.noBuffer }
    let space = buffer.space
    #expect(append(String(repeating: "a", count: space), to: &buffer))
    #expect(!append("b", to: &buffer) && append("", to: &buffer))
    #expect(prepend(String(repeating: "c", count: BufferTests.headroom), to: &buffer))
    #expect(!prepend("d", to: &buffer))
    let (count, start) = (buffer.count, buffer.start)
    #expect(count == 4096 && start == 0)
  }

  @Test func `a buffer goes on with a block of another pool, or keeps its own where none is left`()
  {
    var small = BufferPool(blocks: 2, blockSize: 4096)
    var large = BufferPool(blocks: 1, blockSize: 16384)
    var first = small.borrow()
    var second = small.borrow()
    #expect(append("dropped", to: &first) && append("dropped", to: &second))
    first.exchange(for: &large)
    second.exchange(for: &large)
    #expect([first.capacity, first.count, second.capacity, second.count] == [16384, 0, 4096, 0])
    #expect([small.lent, large.lent] == [1, 1])
    first.exchange(for: &large)
    #expect([first.capacity, large.lent] == [16384, 1])
    first.giveBack()
    second.giveBack()
    #expect([small.lent, large.lent] == [0, 0])
  }

  @Test func `compacting moves what is left to the front, overlapping or not`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 4096)
    var buffer = pool.borrow()
    guard buffer.isHeld else { throw Failure.noBuffer }
    let long = String((0..<3000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
    for dropped in [1, 10, 2990] {
      buffer.reset()
      #expect(append(long, to: &buffer))
      buffer.consume(dropped)
      buffer.compact()
      #expect(text(buffer) == String(long.dropFirst(dropped)))
      let (start, space) = (buffer.start, buffer.space)
      #expect(start == BufferTests.headroom && space == 3072 - 3000 + dropped)
    }
  }

  @Test func `compacting leaves bytes that lie in the headroom`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 4096)
    var buffer = pool.borrow()
    guard buffer.isHeld else { throw Failure.noBuffer }
    #expect(append("b", to: &buffer) && prepend("a", to: &buffer))
    buffer.compact()
    #expect(text(buffer) == "ab")
  }

  private enum Failure: Error {
    case noBuffer
  }
}

/// An owner as the pool's comment asks for: the pool comes last.
private struct Owner: ~Copyable {
  private var table = Slab<Buffer>(capacity: 1)
  private var pool = BufferPool(blocks: 1, blockSize: 4096)

  mutating func hold() {
    _ = table.insert(pool.borrow())
  }
}

struct BufferPoolTests {
  @Test func `an owner that declares its pool last may end while buffers are out`() async {
    await #expect(processExitsWith: .success) {
      var owner = Owner()
      owner.hold()
    }
  }

  @Test func `a pool that ends before its buffers ends the process`() async {
    await #expect(processExitsWith: .failure) {
      var table = Slab<Buffer>(capacity: 1)
      do {
        var pool = BufferPool(blocks: 1, blockSize: 4096)
        _ = table.insert(pool.borrow())
      }
    }
  }

  @Test func `a pool lends as many as it has, and again what came back`() {
    var pool = BufferPool(blocks: 2, blockSize: 4096)
    do {
      let first = pool.borrow()
      let second = pool.borrow()
      let third = pool.borrow()
      let (has, hasNot, lent) = (first.isHeld && second.isHeld, !third.isHeld, pool.lent)
      #expect(has && hasNot && lent == 2)
    }
    let lent = pool.lent
    #expect(lent == 0)
    let again = pool.borrow().isHeld
    #expect(again)
  }

  @Test func `two buffers never share a byte`() {
    var pool = BufferPool(blocks: 3, blockSize: 4096)
    var first = pool.borrow()
    var second = pool.borrow()
    let (ones, twos) = ([UInt8](repeating: 1, count: 3072), [UInt8](repeating: 2, count: 3072))
    let headroom = [UInt8](repeating: 3, count: 1024)
    let isWritten = first.append(ones.span) && second.append(twos.span)
    let isPrepended = second.prepend(headroom.span)
    #expect(isWritten && isPrepended)
    let bytes = first.bytes
    let changed = bytes.indices.filter { bytes[$0] != 1 }
    #expect(changed.isEmpty)
  }

  @Test func `trimmed blocks can be lent and used again`() {
    var pool = BufferPool(blocks: 3, blockSize: 16 << 10)
    for round in 0..<3 {
      do {
        var table = Slab<Buffer>(capacity: 3)
        let bytes = [UInt8](repeating: UInt8(round), count: 15 << 10)
        while table.count < 3 {
          var buffer = pool.borrow()
          let isFilled = buffer.append(bytes.span)
          #expect(isFilled)
          _ = table.insert(buffer)
        }
        let lent = pool.lent
        #expect(lent == 3)
      }
      let lent = pool.lent
      #expect(lent == 0)
      pool.trim()
      pool.trim()
    }
  }

  /// KiB of this process's memory that no file stands behind.
  private static func resident() -> Int {
    let text = (try? Files.read("/proc/self/status", limit: 1 << 16)) ?? []
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("RssAnon:") }
    return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
  }

  @Test func `blocks that were trimmed weigh next to nothing, however many they were`() async {
    await #expect(processExitsWith: .success) {
      let (count, size) = (4000, 32 << 10)
      var pool = BufferPool(blocks: count, blockSize: size)
      let bytes = [UInt8](repeating: 1, count: size - 1024)
      let before = BufferPoolTests.resident()
      do {
        var table = Slab<Buffer>(capacity: count)
        while table.count < count {
          var buffer = pool.borrow()
          _ = buffer.append(bytes.span)
          _ = table.insert(buffer)
        }
        guard BufferPoolTests.resident() - before > count * 31 else { exit(2) }
      }
      pool.trim()
      pool.trim()
      // A page for each would be 16 MB.
      guard BufferPoolTests.resident() - before < 4 << 10 else { exit(1) }
    }
  }
}
