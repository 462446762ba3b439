// Starting other programs: for a command that runs and watches processes. lbd itself starts the next lbd only.

import CLinux
import Glibc

/// A program with its arguments and its whole environment.
package struct Program: Sendable {
  private let command: [String]
  private let environment: [String: String]

  /// - Parameter command: the program's path, then its arguments.
  package init(_ command: [String], environment: [String: String]) {
    self.command = command
    self.environment = environment
  }

  /// What a program that ended leaves.
  package struct Outcome: Sendable, Equatable {
    /// Its exit status; 128 and the signal's number where one ended it, as in a shell.
    package let status: Int32
    /// Its standard output and error, in the order of its writes.
    package let output: [UInt8]
  }

  /// Starts it in a session of its own, so that no terminal's Ctrl-C or end reaches it, with nothing
  /// to read, both outputs into `log` and no other descriptor: who waits for the end of a pipe that
  /// this process was given need not wait for the program's. Gives its process id.
  package func startApart(log: borrowing Descriptor) throws(SystemError) -> Int32 {
    let nothing = try Descriptor.open("/dev/null", O_RDONLY)
    return try spawn(
      [(nothing.raw, 0), (log.raw, 1), (log.raw, 2)], isApart: true, closesFrom: 3)
  }

  /// Starts it with this process's own input and outputs, and a descriptor as `number`, which is above
  /// them; with no other. Gives its process id.
  func start(
    reportingTo report: borrowing Descriptor, as number: Int32
  ) throws(SystemError) -> Int32 {
    try spawn([(report.raw, number)], isApart: false, closesFrom: number + 1)
  }

  /// Runs it to its end and keeps what it writes.
  package func run() throws(SystemError) -> Outcome {
    var ends: [2 of Int32] = [-1, -1]
    var span = ends.mutableSpan
    // Safe: the kernel writes two numbers into the two places.
    let made = unsafe span.withUnsafeMutableBufferPointer {
      unsafe pipe2($0.baseAddress, O_CLOEXEC)
    }
    guard made == 0 else { throw SystemError("pipe2", errno) }
    let reading = Descriptor(owning: ends[0])
    let pid = try start(writingTo: Descriptor(owning: ends[1]))
    let output = try Files.readAll(reading)
    return Outcome(status: Program.awaitEnd(of: pid), output: output)
  }

  /// The pipe's end closes here, or the reader would wait for its own process.
  private func start(writingTo pipe: consuming Descriptor) throws(SystemError) -> Int32 {
    try spawn([(pipe.raw, 1), (pipe.raw, 2)], isApart: false)
  }

  /// Runs it to its end with this process's own input and outputs; gives its status.
  package func runAttached() throws(SystemError) -> Int32 {
    Program.awaitEnd(of: try spawn([], isApart: false))
  }

  /// Becomes the program, looked for in `PATH`: comes back only when that fails.
  package func replaceThisProcess() -> SystemError {
    unsafe withCTexts(command) { arguments in
      // Safe: both arrays end with nil and live through the call.
      _ = unsafe execvp(arguments[0]!, arguments)
      return SystemError("execvp", errno)
    }
  }

  // MARK: posix_spawn

  /// Hidden in <spawn.h> without _GNU_SOURCE: POSIX_SPAWN_SETSID.
  private static var ownSession: Int32 { 0x80 }

  /// Starts it with these descriptors, each as the number beside it. Signals are as a program expects
  /// them, whatever `nohup` or a shell's `&` had this one ignore: a daemon waits for HUP and INT.
  private func spawn(
    _ descriptors: [(own: Int32, its: Int32)], isApart: Bool, closesFrom: Int32? = nil
  ) throws(SystemError) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (own, its) in descriptors {
      unsafe posix_spawn_file_actions_adddup2(&actions, own, its)
    }
    if let closesFrom { unsafe posix_spawn_file_actions_addclosefrom_np(&actions, closesFrom) }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (isApart ? Program.ownSession : 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    var pid: Int32 = 0
    let code = unsafe withCTexts(command) { arguments in
      unsafe withCTexts(environment.map { "\($0)=\($1)" }) { variables in
        // Safe: both arrays end with nil and live through the call.
        unsafe posix_spawn(&pid, arguments[0]!, &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else { throw SystemError("posix_spawn \(command[0])", code) }
    return pid
  }

  /// Waits for the end of a process that this one started, and gives its status. Once for each.
  package static func awaitEnd(of pid: Int32) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return shellStatus(status)
  }

  /// The same of one that may still run: nil then.
  package static func end(of pid: Int32) -> Int32? {
    var status: Int32 = 0
    return unsafe waitpid(pid, &status, WNOHANG) == pid ? shellStatus(status) : nil
  }

  private static func shellStatus(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }
}

/// Runs `body` with texts as C takes them: NUL-terminated, in an array that ends with nil.
private func withCTexts<Result>(
  _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies = unsafe texts.map { unsafe strdup($0) }
  unsafe copies.append(nil)
  defer {
    // Safe: strdup made them, and nobody has them after `body`.
    for index in unsafe copies.indices { unsafe free(copies[index]) }
  }
  return unsafe copies.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
}
