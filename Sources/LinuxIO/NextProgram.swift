// A program that is to take this one's place while both run: how it is started, and how it says why it could
// not.

import CLinux
import Glibc

/// A process that this one has started to be followed by it.
package struct NextProgram: ~Copyable {
  /// What the variable is called by which it knows that it was started so.
  package static let variable = "LBD_NEXT"
  /// The number at which it finds the pipe that takes its reason.
  fileprivate static let number: Int32 = 3
  /// Bytes that are taken of a reason.
  private static let most = 2000

  /// The program's process, or the shell that started it until the program is known.
  package var process: Int32 { own ?? child }
  private let child: Int32
  /// The program's process where a shell has started it.
  private var own: Int32?
  private let reading: Descriptor

  /// Starts a program with this process's own input and outputs.
  /// - Parameter isHandedUp: a shell between the two can be ended, and the program is then a child of
  ///   whoever looks after this process: see `handUp`.
  package init(
    _ command: [String], environment: [String: String], isHandedUp: Bool
  ) throws(SystemError) {
    let shell = ["/bin/sh", "-c", "\"$0\" \"$@\" & wait $!"]
    let program = Program((isHandedUp ? shell : []) + command, environment: environment)
    var ends: [2 of Int32] = [-1, -1]
    var span = ends.mutableSpan
    // Safe: the kernel writes two numbers into the two places.
    let made = unsafe span.withUnsafeMutableBufferPointer {
      unsafe pipe2($0.baseAddress, O_CLOEXEC | O_NONBLOCK)
    }
    guard made == 0 else { throw SystemError("pipe2", errno) }
    let reading = Descriptor(owning: ends[0])
    let writing = Descriptor(owning: ends[1])
    child = try program.start(reportingTo: writing, as: NextProgram.number)
    self.reading = consume reading
  }

  /// How it ended, with what it said of it; nil while it runs. Once.
  package func end() -> Program.Outcome? {
    guard let status = Program.end(of: child) else { return nil }
    var space = [UInt8](repeating: 0, count: NextProgram.most)
    // Safe: the kernel writes at most so many bytes into the space.
    let count = unsafe read(reading.raw, &space, space.count)
    return Program.Outcome(status: status, output: Array(space.prefix(max(0, count))))
  }

  /// Whether a process is the program's, which is remembered.
  package mutating func isProgram(_ pid: Int32) -> Bool {
    if pid == process { return true }
    guard own == nil, ProcessTable.parent(of: pid) == child else { return false }
    own = pid
    return true
  }

  /// Makes the program a child of this process's own parent. systemd waits for the end of no main process
  /// that is not its child when it stops a unit, but kills it in the same moment (systemd 252,
  /// `unit_kill_context`).
  package func handUp() {
    guard own != nil else { return }
    _ = Glibc.kill(child, SIGKILL)
    _ = Program.awaitEnd(of: child)
  }

  /// Ends it at once. Its end is still to be asked for.
  package func kill() { _ = Glibc.kill(process, SIGKILL) }
}

/// The pipe as the program sees it that was started so.
package struct NextReport {
  /// What the program that started this one says of itself.
  package let word: String

  /// Nil for a program that was started by somebody else.
  package init?(_ environment: [String: String]) {
    guard let word = environment[NextProgram.variable] else { return nil }
    var facts = Glibc.stat()
    // A variable alone says nothing: the descriptor may be anybody's.
    guard unsafe fstat(NextProgram.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFIFO else {
      return nil
    }
    self.word = word
    _ = fcntl(NextProgram.number, F_SETFD, FD_CLOEXEC)
  }

  /// Says why it could not take the other one's place. Never waits.
  package func tell(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    // Safe: the kernel reads the bytes during the call only. A failure has nobody to be told to.
    unsafe bytes.withUnsafeBytes {
      _ = unsafe write(NextProgram.number, $0.baseAddress, $0.count)
    }
  }

  /// Nothing is left to say. The value is of no use after it.
  package func close() { _ = Glibc.close(NextProgram.number) }
}
