// The processes that a run starts. Each is known by its id and ended by it, whatever happens.

import Glibc
import LinuxIO
import Synchronization

/// Starts processes and ends them. Any thread may.
final class Children: Sendable {
  private let environment: [String: String]
  private let running = Mutex(Set<Int32>())
  private let isClosed = Atomic(false)

  init(environment: [String: String]) {
    self.environment = environment
  }

  /// What a process that ended left.
  struct Outcome {
    /// Its exit status; 128 and the signal's number where one ended it.
    let status: Int32
    let output: String

    var diedBySignal: Bool { status >= 128 }
  }

  /// Starts a program; what it writes goes to `log`, behind what is there.
  func start(_ command: [String], log: String) throws(SystemError) -> Int32 {
    let file = try Descriptor.open(log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
    let program = Program(command, environment: environment)
    // Under the lock, so that `endAll` misses none.
    let pid = try running.withLock { (running) throws(SystemError) -> Int32 in
      guard !isClosed.load(ordering: .acquiring) else { throw SystemError("start", ECANCELED) }
      let pid = try program.startApart(log: file)
      running.insert(pid)
      return pid
    }
    return pid
  }

  func hasEnded(_ pid: Int32) -> Bool { ProcessTable.startTime(of: pid) == nil }

  /// The status of a process that has ended. Once for each.
  func reap(_ pid: Int32) -> Int32 {
    running.withLock { _ = $0.remove(pid) }
    return Program.awaitEnd(of: pid)
  }

  func signal(_ pid: Int32, _ number: Int32) { try? ProcessTable.signal(pid, number) }

  /// Waits for a process's end, and ends it by force past the time; nil then.
  func status(of pid: Int32, within seconds: Int) -> Int32? {
    let deadline = Clock.now() + UInt64(seconds) * 1_000_000_000
    while !hasEnded(pid) {
      guard Clock.now() < deadline else {
        signal(pid, SIGKILL)
        _ = reap(pid)
        return nil
      }
      Clock.sleep(milliseconds: 3)
    }
    return reap(pid)
  }

  /// Runs a program to its end; nil when that does not come.
  func run(_ command: [String], log: String, within seconds: Int = 60) throws(SystemError)
    -> Outcome?
  {
    try Files.remove(log)
    let pid = try start(command, log: log)
    guard let status = status(of: pid, within: seconds) else { return nil }
    let output = try Files.read(log, limit: 1 << 20)
    return Outcome(status: status, output: String(decoding: output, as: UTF8.self))
  }

  /// Ends all by force. None can be started any more.
  func endAll() {
    isClosed.store(true, ordering: .releasing)
    let left = running.withLock { $0 }
    for pid in left {
      signal(pid, SIGKILL)
      // One that was stopped takes the signal all the same.
      _ = reap(pid)
    }
  }
}

/// What the system says of a process.
struct ProcessFacts {
  let pid: Int32

  /// Open descriptors; nil when it has ended.
  var descriptors: Int? {
    guard let entries = try? Files.expand("/proc/\(pid)/fd/*"), !entries.isEmpty else { return nil }
    return entries.count
  }

  /// What each descriptor is, with how many there are of it.
  var descriptorKinds: String {
    var kinds: [String: Int] = [:]
    for entry in (try? Files.expand("/proc/\(pid)/fd/*")) ?? [] {
      let target = (try? Files.target(of: entry)) ?? "?"
      kinds[String(target.prefix { $0 != ":" }), default: 0] += 1
    }
    return kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }

  var threads: Int { number("Threads") }
  /// KiB of memory that no file stands behind.
  var memory: Int { number("RssAnon") }

  private func number(_ name: String) -> Int {
    let text = String(
      decoding: (try? Files.read("/proc/\(pid)/status", limit: 1 << 16)) ?? [], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }

  /// Processor time so far, in hundredths of a second.
  var ticks: Int {
    let text = String(
      decoding: (try? Files.read("/proc/\(pid)/stat", limit: 4096)) ?? [], as: UTF8.self)
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      return 0
    }
    return (user + system) * 100 / max(1, sysconf(Int32(_SC_CLK_TCK)))
  }
}
