// A limit to the processor time of what runs under it, by a control group of either version.

import Glibc
import LinuxIO

/// A control group with a quota.
struct Quota {
  private let directory: String

  /// Where the kernel says how much: version 1 has the controller in a tree of its own.
  private static let roots = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"]

  /// Short, so that no request waits long for the next one. A core takes its time from the quota in
  /// pieces of 5 ms, so at 20 ms and a quarter of a core there is a piece for each worker.
  private static let period = 20_000

  /// A new group that may use such a share of one core.
  static func make(share: Double) throws(Failure) -> Quota {
    let microseconds = Int(Double(period) * share)
    for root in roots {
      let quota = Quota(directory: "\(root)/lbd-bench-\(getpid())")
      guard (try? Files.makeDirectory(of: quota.directory + "/x")) != nil else { continue }
      if quota.set("cpu.cfs_period_us", "\(period)")
        && quota.set("cpu.cfs_quota_us", "\(microseconds)")
        || quota.set("cpu.max", "\(microseconds) \(period)")
      {
        return quota
      }
      quota.remove()
    }
    throw Failure("no control group with a CPU quota can be made here: that needs root and cgroups")
  }

  private func set(_ name: String, _ value: String) -> Bool {
    let path = "\(directory)/\(name)"
    return Files.mayExist(path) && (try? Files.write(Array(value.utf8), to: path)) != nil
  }

  /// A command that joins the group and becomes the given one.
  func around(_ command: [String]) -> [String] {
    ["/bin/sh", "-c", #"echo $$ >"$0/cgroup.procs" && exec "$@""#, directory] + command
  }

  /// Nobody may be left in it but who is about to end.
  func remove() {
    for _ in 0..<100 {
      if (try? Files.removeDirectory(directory)) != nil { return }
      Clock.sleep(milliseconds: 10)
    }
  }
}
