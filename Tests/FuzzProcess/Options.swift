// What the arguments ask for.

import LinuxIO

/// The parsed command line.
struct Options {
  var seconds = 60
  var seed = UInt64.random(in: 0...999_999_999)
  /// Where lbd, lbctl and replicad are.
  var programs: String

  static let usage = """
    usage: fuzz-process [--time SECONDS] [--seed N]

    Attacks lbd from all sides at once: hostile clients, proxies, replicas and callers of the control socket,
    confs and states of any sort, signals, restarts and takeovers. Exit 1 when lbd dies, hangs, leaks, or
    answers a well-behaved client wrongly.

      --time SECONDS  how long it attacks, 10 to 86400; 60 unless given
      --seed N        the same attacks again
    The programs are those in $LBD_BIN_DIR, else those beside this one.
    """

  /// Nil when the arguments are not understood, or ask for help.
  init?(_ arguments: [String], environment: [String: String]) {
    guard let own = try? ProcessTable.ownPath(), let slash = own.lastIndex(of: "/") else {
      return nil
    }
    programs = environment["LBD_BIN_DIR"] ?? String(own[..<slash])
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch name {
      case "--time":
        guard let number = Int(value), 10...86_400 ~= number else { return nil }
        seconds = number
      case "--seed":
        guard let number = UInt64(value) else { return nil }
        seed = number
      default: return nil
      }
    }
  }
}
