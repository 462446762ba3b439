// The programs of others that a run needs.

import LinuxIO

/// Where they are.
struct Tools {
  let nginx: String
  let haproxy: String
  let wrk: String
  let taskset: String

  /// Looks for all of them and names every one that is missing.
  init(path: String?) throws(Failure) {
    let directories = (path ?? "").split(separator: ":").map(String.init)
    var missing: [String] = []
    func find(_ name: String, _ package: String) -> String {
      let places = directories + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
      let found = places.map { "\($0)/\(name)" }.first { Files.isExecutable($0) }
      if found == nil { missing.append(package) }
      return found ?? ""
    }
    nginx = find("nginx", "nginx-light")
    haproxy = find("haproxy", "haproxy")
    wrk = find("wrk", "wrk")
    taskset = find("taskset", "util-linux")
    guard missing.isEmpty else {
      throw Failure("install Debian's \(missing.joined(separator: ", ")); make bench does, as root")
    }
  }
}
