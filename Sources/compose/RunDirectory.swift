// The directory run/: a log and a pid file for each process, and the conf that lbd was given. It is
// all that one run of compose knows of the runs before it.

import FoundationEssentials
import LinuxIO

/// A process that an earlier run started: its pid and when it started. The system gives a pid to
/// another process one day; never the two together.
struct ProcessRecord: Equatable {
  let pid: Int32
  let start: UInt64

  /// Whether that very process still runs.
  var isAlive: Bool { ProcessTable.startTime(of: pid) == start }
}

/// Names and contents of the files in run/.
struct RunDirectory {
  let path: String

  /// Makes the directory where there is none.
  init(_ path: String) throws(Failure) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure("compose: cannot make \(path): \(error); choose another --run")
    }
  }

  var socketPath: String { path + "/lbd.sock" }
  var lockPath: String { path + "/.lock" }
  func logPath(_ name: String) -> String { "\(path)/\(name).log" }
  private func pidPath(_ name: String) -> String { "\(path)/\(name).pid" }
  private var confPath: String { path + "/lbd.conf" }

  private func names(ending suffix: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
  }

  private func write(_ text: String, to path: String) throws(Failure) {
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw Failure("compose: cannot write \(path): \(error)")
    }
  }

  private func read(_ path: String) -> String? {
    (try? Files.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: Pid files

  /// The processes that were started and not stopped, whether they still run or not.
  var names: [String] { names(ending: ".pid") }

  func record(_ name: String) -> ProcessRecord? {
    let parts = read(pidPath(name))?.split(whereSeparator: \.isWhitespace) ?? []
    guard parts.count == 2, let pid = Int32(parts[0]), pid > 0, let start = UInt64(parts[1])
    else { return nil }
    return ProcessRecord(pid: pid, start: start)
  }

  func write(_ record: ProcessRecord, for name: String) throws(Failure) {
    try write("\(record.pid) \(record.start)\n", to: pidPath(name))
  }

  /// Nothing is kept track of under this name any more.
  func forget(_ name: String) {
    try? Files.remove(pidPath(name))
  }

  // MARK: Logs

  var logPaths: [String] { names(ending: ".log").map(logPath) }

  /// The last lines of a log, under its path; empty when there are none.
  func logEnd(_ name: String, lines count: Int = 8) -> String {
    let bytes = (try? Files.readEnd(logPath(name), limit: 16 << 10)) ?? []
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(count)
    return lines.isEmpty ? "" : (["--- \(logPath(name))"] + lines).joined(separator: "\n") + "\n"
  }

  // MARK: The conf in force

  /// Notes what lbd runs with: a first line with the file's path, then the effective conf.
  func note(_ conf: Conf) throws(Failure) {
    try write("# \(conf.path)\n\(conf.effective)", to: confPath)
  }

  /// What lbd was given; nil when nothing is noted.
  func notedConf() throws(Failure) -> Conf? {
    guard let text = read(confPath), text.hasPrefix("# "), let end = text.firstIndex(of: "\n")
    else { return nil }
    let noted = try Conf.load(confPath, [:])
    return Conf(
      path: String(text[..<end].dropFirst(2)), configuration: noted.configuration,
      effective: String(text[text.index(after: end)...]))
  }

  func forgetConf() {
    try? Files.remove(confPath)
  }
}
