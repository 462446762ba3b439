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
    /// Whether `done` lies inside of a line, of which a file has the first part.
    static var torn: Int { 18 }
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
    let done = cells.peek(Cell.done)
    guard end > done else { return .ended }
    let start = unsafe address(done, cells.peek(Cell.base))
    let first = min(end - done, unsafe capacity - (start - memory.base))
    var pieces: [2 of iovec] = unsafe [
      iovec(iov_base: start, iov_len: first),
      iovec(iov_base: memory.base, iov_len: end - done - first),
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
    finish(upTo: done + outcome)
    return .moved(outcome)
  }

  private func finish(upTo position: Int) {
    guard position > cells.peek(Cell.done) else { return }
    let last = unsafe address(position - 1, cells.peek(Cell.base)).load(as: UInt8.self)
    cells.store(Cell.torn, last == 0x0A ? 0 : 1)
    cells.store(Cell.done, position)
  }

  /// A file has the first part of a line and not yet the rest, which has to go there next.
  package var isTorn: Bool { cells.peek(Cell.torn) == 1 }

  /// Gives up the rest of a torn line, and counts it as dropped.
  package func discardTornLine() {
    guard isTorn else { return }
    cells.bump(Cell.discarded)
    finish(upTo: tornLineEnd)
  }

  private var tornLineEnd: Int {
    let base = cells.peek(Cell.base)
    var position = cells.peek(Cell.done)
    guard isTorn else { return position }
    // A line's end follows: only whole lines are put in.
    while unsafe address(position, base).load(as: UInt8.self) != 0x0A { position += 1 }
    return position + 1
  }

  /// Throws away all that is there, which nobody wants: it does not count as dropped.
  package func discard() { finish(upTo: cells.load(Cell.end)) }

  // MARK: Any thread

  /// Lines that were lost so far.
  package var dropped: Int { cells.peek(Cell.dropped) + cells.peek(Cell.discarded) }

  /// Bytes that wait to be written.
  package var pending: Int { max(0, cells.load(Cell.end) - cells.load(Cell.done)) }
}
