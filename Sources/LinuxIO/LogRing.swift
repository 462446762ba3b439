// What one thread has to write into a file, on its way to the thread that does: the first never waits
// and makes no system call, the second takes all that is there with one.

import Glibc

/// A ring of whole lines, one writer and one reader. No call allocates or locks. It begins again at
/// its front whenever it is empty, so that little of its memory is ever touched.
@safe
package final class LogRing: @unchecked Sendable {
  // Cells by who writes them, on cache lines of their own. Positions only grow.
  private enum Cell {
    /// Where the next line goes: written by the writer.
    static var end: Int { 0 }
    /// The position that lies at the front of the memory: written by the writer, while it is empty.
    static var base: Int { 1 }
    /// Lines for which there was no room: counted by the writer.
    static var dropped: Int { 2 }
    /// Up to where the reader is done: written by the reader.
    static var done: Int { 16 }
    /// Lines that the reader could not write whole.
    static var discarded: Int { 17 }
    /// How many bytes a file has of the line at `done`, which it has not whole.
    static var begun: Int { 18 }
    static var count: Int { 32 }
  }

  private let memory: Mapping
  private let cells = SharedCells(count: Cell.count)
  private let capacity: Int
  private let bell: LogBell?

  /// - Parameters:
  ///   - capacity: bytes, a power of two, a page at least.
  ///   - bell: wakes the reader.
  package init(capacity: Int = 1 << 20, bell: LogBell? = nil) {
    precondition(capacity >= Mapping.page && capacity & (capacity - 1) == 0)
    self.capacity = capacity
    self.bell = bell
    memory = Mapping(length: capacity)
  }

  // Safe: the offset is below the capacity.
  @inline(__always)
  private func address(_ position: Int, _ base: Int) -> UnsafeMutableRawPointer {
    unsafe memory.base + ((position &- base) & (capacity &- 1))
  }

  // MARK: The writer

  /// Takes a whole line with its end, or counts it as dropped when there is no room.
  package func write(_ line: Span<UInt8>) {
    let end = cells.peek(Cell.end)
    let used = end - cells.load(Cell.done)
    let length = line.count
    guard length <= capacity - used else { return cells.bump(Cell.dropped) }
    // The reader, done with all, looks at the base only after it has seen a later end.
    if used == 0 { cells.store(Cell.base, end) }
    copy(line, to: end)
    cells.store(Cell.end, end + length)
    guard let bell else { return }
    let isNowLong = used < capacity / 4 && used + length >= capacity / 4
    if isNowLong { bell.wakeUp.ring() } else { bell.stir() }
  }

  @inline(__always)
  private func copy(_ line: Span<UInt8>, to end: Int) {
    let base = cells.peek(Cell.base)
    // Safe: the room was checked, the reader stays before `end`, and no line lies in this memory.
    unsafe line.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      let target = unsafe address(end, base)
      let first = min(source.count, unsafe capacity - (target - memory.base))
      unsafe target.copyMemory(from: start, byteCount: first)
      if first < source.count {
        unsafe memory.base.copyMemory(from: start + first, byteCount: source.count - first)
      }
    }
  }

  // MARK: The reader

  /// Writes all that is there, or what is left of a torn line, with one call. `ended` when there is
  /// nothing.
  package func drain(
    to file: borrowing Descriptor, onlyTornLine: Bool = false
  ) -> TransferOutcome {
    let end = onlyTornLine ? tornLineEnd : cells.load(Cell.end)
    let from = cells.peek(Cell.done) + cells.peek(Cell.begun)
    guard end > from else { return .ended }
    let start = unsafe address(from, cells.peek(Cell.base))
    let first = min(end - from, unsafe capacity - (start - memory.base))
    var pieces: [2 of iovec] = unsafe [
      iovec(iov_base: start, iov_len: first),
      iovec(iov_base: memory.base, iov_len: end - from - first),
    ]
    var outcome = 0
    var code: Int32 = 0
    repeat {
      // Safe: the kernel reads the two pieces, which the writer does not touch before `done` moves.
      var span = unsafe pieces.mutableSpan
      outcome = unsafe span.withUnsafeMutableBufferPointer {
        unsafe writev(file.raw, $0.baseAddress, 2)
      }
      code = errno
    } while outcome < 0 && code == EINTR
    if outcome < 0 { return code == EAGAIN ? .wouldBlock : .failed(code) }
    wrote(upTo: from + outcome)
    return .moved(outcome)
  }

  /// A line leaves the ring only as a whole, so that it can be taken back while it is torn.
  private func wrote(upTo position: Int) {
    let base = cells.peek(Cell.base)
    let done = cells.peek(Cell.done)
    var whole = position
    while whole > done, unsafe address(whole - 1, base).load(as: UInt8.self) != 0x0A { whole -= 1 }
    cells.store(Cell.begun, position - whole)
    if whole > done { cells.store(Cell.done, whole) }
  }

  /// A file has the first part of a line and not yet the rest, which has to go there next.
  package var isTorn: Bool { cells.peek(Cell.begun) > 0 }

  /// Takes the first part of a torn line out of its file, as though nothing of it had been written. False
  /// where that cannot be: the file is no regular one, or others have written behind it.
  package func takeBackTornLine(from file: borrowing Descriptor) -> Bool {
    let begun = cells.peek(Cell.begun)
    guard begun > 0 else { return true }
    guard Files.takeBack(begun, from: file) else { return false }
    cells.store(Cell.begun, 0)
    return true
  }

  /// Takes what a file has not yet of a torn line out of the ring; empty where no line is torn.
  package func takeTornRest() -> [UInt8] {
    guard isTorn else { return [] }
    let base = cells.peek(Cell.base)
    let (from, end) = (cells.peek(Cell.done) + cells.peek(Cell.begun), tornLineEnd)
    let rest = (from..<end).map { unsafe address($0, base).load(as: UInt8.self) }
    cells.store(Cell.begun, 0)
    cells.store(Cell.done, end)
    return rest
  }

  /// A line whose rest was taken out was never ended: counts it as dropped.
  package func countDiscarded() { cells.bump(Cell.discarded) }

  private var tornLineEnd: Int {
    let base = cells.peek(Cell.base)
    var position = cells.peek(Cell.done) + cells.peek(Cell.begun)
    guard isTorn else { return position }
    // A line's end follows: only whole lines are put in.
    while unsafe address(position, base).load(as: UInt8.self) != 0x0A { position += 1 }
    return position + 1
  }

  /// Throws away all that is there, which nobody wants: it does not count as dropped.
  package func discard() {
    cells.store(Cell.begun, 0)
    cells.store(Cell.done, cells.load(Cell.end))
  }

  // MARK: Any thread

  /// Lines that were lost so far.
  package var dropped: Int { cells.peek(Cell.dropped) + cells.peek(Cell.discarded) }

  /// Lines that wait to be written, once nobody puts more in.
  package var pendingLines: Int {
    let (base, done, end) = (cells.peek(Cell.base), cells.load(Cell.done), cells.load(Cell.end))
    guard done < end else { return 0 }
    return (done..<end).count { unsafe address($0, base).load(as: UInt8.self) == 0x0A }
  }

  /// Bytes that wait to be written.
  package var pending: Int { max(0, cells.load(Cell.end) - cells.load(Cell.done)) }
}
