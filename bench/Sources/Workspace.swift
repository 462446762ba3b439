// The directory of one run: logs, sockets, what the replicas serve. It goes when the run does.

import LinuxIO

/// A new directory that everybody may read: nginx's workers are nobody in particular under root.
struct Workspace {
  let path: String
  private let processes: Processes

  init(_ processes: Processes, under parent: String) throws(Failure) {
    self.processes = processes
    path = try processes.output(of: ["/bin/mktemp", "-d", "\(parent)/lbd-bench.XXXXXX"])
    _ = try processes.output(of: ["/bin/chmod", "755", path])
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws(Failure) {
    try Workspace.write(Array(text.utf8), to: file(name))
  }

  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    do throws(SystemError) {
      try Files.write(bytes, to: path)
    } catch {
      throw Failure("cannot write \(path): \(error.reason)")
    }
  }

  /// What the replicas serve: 1 MiB, and 1 GiB that lies on no disk.
  func fill() throws(Failure) {
    try Workspace.write(Array(repeating: 0x78, count: 1 << 20), to: file("1m"))
    _ = try processes.output(of: ["/usr/bin/truncate", "-s", "1G", file("1g")])
  }

  /// The end of a log, for a message.
  func logEnd(_ name: String) -> String {
    let bytes = (try? Files.readEnd(file(name), limit: 2000)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(6)
      .joined(separator: "\n")
  }

  func remove() {
    _ = try? processes.output(of: ["/bin/rm", "-rf", "--", path])
  }
}
