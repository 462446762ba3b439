// `--record`: which requests this replica has taken up, one line each, so that a trial can count how
// often each was executed. A line is in the kernel before its answer begins, so that it outlives
// `kill -9`.

import HTTPWire
import LinuxIO

/// The file that requests are recorded in. Any thread may use it: a line is one write to the file's
/// end.
struct Recorder: ~Copyable, Sendable {
  private let file: Descriptor

  init(_ path: String) throws(SystemError) {
    file = try Files.openToAppend(path, mode: 0o644)
  }

  /// Adds `NANOSECONDS METHOD TARGET`, by the monotonic clock.
  func record(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    var line = Array("\(Clock.now()) ".utf8)
    for range in [head.methodRange, head.targetRange] {
      for index in range { line.append(bytes[index]) }
      line.append(range == head.methodRange ? ByteClass.space : ByteClass.lf)
    }
    Files.append(line, to: file)
  }
}
