// The directory run/: a log, a pid file and a hidden file with the start time for each process, and
// the conf that lbd was given. It is all that one run of compose knows of the runs before it.

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
  private func startPath(_ name: String) -> String { "\(path)/.\(name).start" }
  private var confPath: String { path + "/lbd.conf" }
  private var ownAppPath: String { path + "/.own-app" }

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
    guard let pid = number(pidPath(name), Int32.self), pid > 0,
      let start = number(startPath(name), UInt64.self)
    else { return nil }
    return ProcessRecord(pid: pid, start: start)
  }

  private func number<Number: FixedWidthInteger>(_ path: String, _: Number.Type) -> Number? {
    read(path).flatMap { Number($0.prefix { !$0.isNewline }) }
  }

  func write(_ record: ProcessRecord, for name: String) throws(Failure) {
    // The pid last: only with it is there a process of this name. It is alone in its file, where
    // people and their scripts look for it.
    try write("\(record.start)\n", to: startPath(name))
    try write("\(record.pid)\n", to: pidPath(name))
  }

  /// Nothing is kept track of under this name any more.
  func forget(_ name: String) {
    try? Files.remove(pidPath(name))
    try? Files.remove(startPath(name))
  }

  // MARK: Logs

  /// The logs that there are of these processes, in the order of their names.
  func logPaths(of processes: Set<String>) -> [String] {
    names(ending: ".log").filter(processes.contains).map(logPath)
  }

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
    try? Files.remove(ownAppPath)
  }

  /// Whether lbd was started for an app that somebody else runs.
  var isForOwnApp: Bool { Files.identity(ownAppPath) != nil }

  func noteOwnApp() throws(Failure) {
    try write("", to: ownAppPath)
  }
}
