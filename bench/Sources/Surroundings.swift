// Where and with what a run was made: without it no figure can be judged.

import LinuxIO

extension Bench {
  /// A line for each fact.
  func surroundings() throws(Failure) -> [String] {
    let tools = commands.tools
    let lbd = [BalancerName.lbd] + (options.lbdBefore == nil ? [] : [.lbdBefore])
    var versions: [String] = []
    for name in lbd {
      versions.append(
        (name == .lbd ? "" : "\(name.rawValue): ")
          + (try processes.output(of: [commands.lbd(name), "--version"])))
    }
    versions.append(try processes.output(of: [tools.nginx, "-v"]))
    versions.append(firstLine(try processes.output(of: [tools.haproxy, "-v"])))
    // wrk ends with 1 whatever it is asked for besides its work.
    versions.append(
      firstLine(try processes.output(of: ["/bin/sh", "-c", "\"$0\" -v; :", tools.wrk])))
    return [
      "- date: " + (try processes.output(of: ["/bin/date", "-u", "+%Y-%m-%d %H:%M UTC"])),
      "- machine: \(processor()), \(Thread.usableProcessors()) cores",
      "- kernel: " + (try processes.output(of: ["/bin/uname", "-sr"])),
      "- versions: " + versions.joined(separator: "; "),
      "- command: `\(invocation())`",
    ]
  }

  private func firstLine(_ text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? "?"
  }

  private func processor() -> String {
    let text = String(
      decoding: (try? Files.read("/proc/cpuinfo", limit: 1 << 20)) ?? [], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let words = line?.split(separator: ":").last?.split(separator: " ")
    return words?.joined(separator: " ") ?? "unknown processor"
  }

  /// As make has it said; paths of this machine are nobody's business.
  private func invocation() -> String {
    let scenarios = options.scenarios.map(\.rawValue).joined(separator: ",")
    let balancers = options.balancers.map(\.rawValue).joined(separator: ",")
    let isStandard = options.scenarios == Scenario.standard
    return "make bench ROUNDS=\(options.rounds) SECONDS=\(options.seconds)"
      + (isStandard ? "" : " SCENARIOS=\(scenarios)")
      + (balancers.isEmpty ? "" : " BALANCERS=\(balancers)")
      + (options.lbdBefore == nil ? "" : " LBD_BEFORE=PATH")
  }
}
