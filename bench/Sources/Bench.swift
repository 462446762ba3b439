// One run: what it works with, and the loop over rounds and balancers that all plans share.

import Glibc
import LinuxIO

/// What every plan works with.
final class Bench {
  let options: Options
  let processes: Processes
  let workspace: Workspace
  let commands: Commands
  let progress = Progress()
  /// How many descriptors this process and those it starts may have.
  let descriptors: Int

  init(_ options: Options, environment: [String: String]) throws(Failure) {
    self.options = options
    let tools = try Tools(path: environment["PATH"])
    descriptors = Descriptor.raiseLimit()
    processes = try Processes(environment: environment)
    let (confs, binaries) = try Bench.places(options)
    guard Thread.usableProcessors() > 1 else {
      throw Failure("two cores are needed: one for the balancer, one for the load")
    }
    workspace = try Workspace(processes, under: environment["TMPDIR"] ?? "/tmp")
    commands = Commands(
      tools: tools, workspace: workspace, confs: confs, binaries: binaries,
      lbdBefore: options.lbdBefore)
  }

  /// Where the confs and the binaries are.
  private static func places(_ options: Options) throws(Failure) -> (String, String) {
    do throws(SystemError) {
      let here = try Files.target(of: "/proc/self/cwd")
      let confs = options.confs.hasPrefix("/") ? options.confs : "\(here)/\(options.confs)"
      guard Files.mayExist("\(confs)/lb.conf") else {
        throw SystemError("there is no \(confs)/lb.conf: run bench from the clone, or --confs", 0)
      }
      let own = try ProcessTable.ownPath()
      return (confs, String(own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex)))
    } catch {
      throw Failure(error.code == 0 ? error.call : "\(error)")
    }
  }

  /// Measures all that was asked for and writes it down; whether nothing went wrong.
  func run() throws(Failure) -> Bool {
    defer {
      progress.end()
      processes.stopAll()
      workspace.remove()
    }
    try requireLbd()
    try workspace.fill()
    let plans = options.scenarios.map(plan)
    progress.total = plans.map { $0.rounds * $0.subjects.count }.reduce(0, +)
    var findings: [Finding] = []
    for plan in plans { findings.append(try carryOut(plan)) }
    progress.end()
    return try Results(self, findings).write()
  }

  private func requireLbd() throws(Failure) {
    for name in [BalancerName.lbd] + (options.lbdBefore == nil ? [] : [.lbdBefore]) {
      let path = commands.lbd(name)
      guard Files.isExecutable(path) else {
        throw Failure("there is no \(path): run make build")
      }
    }
  }

  /// Every subject in every round, so that what changes with time is shared by all; each round begins
  /// with another one, so that none always follows the same.
  private func carryOut(_ plan: Plan) throws(Failure) -> Finding {
    var finding = Finding(plan)
    if plan.subjects.isEmpty { finding.faults.append("it has none of the balancers asked for") }
    let origin = try startOrigin(pinned: plan.pinsOrigin)
    defer { processes.stop(origin) }
    for round in 0..<plan.rounds {
      for turn in plan.subjects.indices {
        let index = (round + turn) % plan.subjects.count
        let subject = plan.subjects[index]
        progress.step(
          "\(plan.scenario.rawValue), round \(round + 1) of \(plan.rounds): \(subject.name)")
        do throws(Failure) {
          finding.add(try subject.observe(origin), of: index)
        } catch {
          guard error.code == .failed else { throw error }
          finding.faults.append("\(subject.name), round \(round + 1): \(error.message)")
        }
      }
    }
    return finding
  }

  /// The balancers of a plan in the order of their names, so that lbd, which the others are compared
  /// with, is the first: those that were asked for, else these.
  func balancers(_ usual: [BalancerName]) -> [BalancerName] {
    let usual = usual + (options.lbdBefore == nil ? [] : [.lbdBefore])
    let wanted = options.balancers.isEmpty ? usual : options.balancers
    return BalancerName.allCases.filter { wanted.contains($0) && usual.contains($0) }
  }
}
