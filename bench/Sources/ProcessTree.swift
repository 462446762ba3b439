// What a process and all that it started use: read from /proc.

import Glibc
import LinuxIO

/// A process with its children and theirs.
struct ProcessTree {
  let root: Int32

  /// Their ids, the root's first.
  var pids: [Int32] { ProcessTree.withDescendants(root) }

  private static func withDescendants(_ pid: Int32) -> [Int32] {
    let lists = (try? Files.expand("/proc/\(pid)/task/[0-9]*/children")) ?? []
    let children = lists.flatMap { text($0).split(separator: " ").compactMap { Int32($0) } }
    return [pid] + children.flatMap(withDescendants)
  }

  /// Seconds of processor time so far, of users and system.
  var seconds: Double {
    pids.map { ProcessTree.seconds("/proc/\($0)/stat") }.reduce(0, +)
  }

  /// The same of each worker: of the threads with such a name, or of the children.
  func secondsOfWorkers(_ workers: Workers) -> [String: Double] {
    let places =
      switch workers {
      case .children: pids.dropFirst().map { "/proc/\($0)" }
      case .threads(let name):
        ((try? Files.expand("/proc/\(root)/task/[0-9]*")) ?? []).filter {
          ProcessTree.text($0 + "/comm").hasPrefix(name)
        }
      }
    return Dictionary(
      places.map { ($0, ProcessTree.seconds($0 + "/stat")) }, uniquingKeysWith: { $1 })
  }

  enum Workers {
    case children
    /// Threads whose names begin so.
    case threads(String)
  }

  /// Bytes of memory, each page divided by how many processes have it.
  var proportionalBytes: Double {
    pids.map { pid in
      let lines = ProcessTree.text("/proc/\(pid)/smaps_rollup").split(separator: "\n")
      let words = lines.first { $0.hasPrefix("Pss:") }?.split(separator: " ") ?? []
      return words.count > 1 ? (Double(words[1]) ?? 0) * 1024 : 0
    }.reduce(0, +)
  }

  /// utime and stime of proc(5), which are counted behind the name in its brackets.
  private static func seconds(_ path: String) -> Double {
    let fields = text(path).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return 0
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Empty for a process that has ended.
  private static func text(_ path: String) -> String {
    String(decoding: (try? Files.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
  }
}
