// The system's processes as /proc tells of them, and signals to them. For a command that looks after
// processes it started in an earlier run and so cannot wait for.

import Glibc

/// Questions about processes. Every answer may be out of date as soon as it is given.
package enum ProcessTable {
  /// When a process started, in ticks since the system did; nil when it ended, also where only its
  /// exit status is left (a zombie). With the pid it names a process for good: pids are used again.
  package static func startTime(of pid: Int32) -> UInt64? {
    guard let fields = fields(of: pid), fields.count > 19, fields[0] != "Z", fields[0] != "X"
    else { return nil }
    return UInt64(fields[19])
  }

  /// The process that a process is a child of; nil when it ended.
  package static func parent(of pid: Int32) -> Int32? {
    fields(of: pid).flatMap { $0.count > 1 ? Int32($0[1]) : nil }
  }

  /// What the kernel says of a process behind its name: its state, its parent, and on.
  private static func fields(of pid: Int32) -> [String]? {
    guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4096),
      // proc(5): the name stands in brackets and may hold anything, brackets too.
      let close = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    return bytes[(close + 1)...].split(separator: UInt8(ascii: " ")).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Seconds since a process of this start time started.
  package static func age(ofStart start: UInt64) -> Double {
    let hertz = Double(sysconf(Int32(_SC_CLK_TCK)))
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_BOOTTIME, &now)
    return max(0, Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - Double(start) / hertz)
  }

  /// The program's name, at most 15 bytes of it.
  package static func name(of pid: Int32) -> String? {
    (try? Files.read("/proc/\(pid)/comm", limit: 64)).map {
      String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)
    }
  }

  /// The path of the program that asks.
  package static func ownPath() throws(SystemError) -> String {
    try Files.target(of: "/proc/self/exe")
  }

  /// Sends a signal. That the process is gone is no failure: it is what most signals are for.
  package static func signal(_ pid: Int32, _ number: Int32) throws(SystemError) {
    if kill(pid, number) != 0 && errno != ESRCH { throw SystemError("kill", errno) }
  }

  /// The process that holds a socket, as far as this user may know: of other users' processes only
  /// root is told the descriptors.
  package static func holder(ofSocket inode: UInt64) -> Int32? {
    let wanted = "socket:[\(inode)]"
    let links = (try? Files.expand("/proc/[0-9]*/fd/*")) ?? []
    let link = links.first { (try? Files.target(of: $0)) == wanted }
    return link.flatMap { Int32($0.dropFirst("/proc/".count).prefix { $0 != "/" }) }
  }

  /// Whether a process holds a socket; nil where this user may not know.
  package static func holds(_ pid: Int32, socket inode: UInt64) -> Bool? {
    let links = (try? Files.expand("/proc/\(pid)/fd/*")) ?? []
    if links.isEmpty { return nil }
    return links.contains { (try? Files.target(of: $0)) == "socket:[\(inode)]" }
  }
}
