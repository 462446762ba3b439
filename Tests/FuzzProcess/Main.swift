// The command fuzz-process: whole processes under attack. `make fuzz-process` calls it.
//
// The clients (ClientAttack), the replicas (AnswerPlan), who calls the control socket (ControlAttacker), who runs
// lbd (Operator, ConfChecker) and who stands in its place (Impostor) all misbehave at once, each by numbers of
// its own that follow from one seed. What must hold meanwhile: lbd and replicad live, lbctl answers, a steady
// client is served (SteadyClient), nobody gets another's answer (Token), replicas get only what lbd may send
// (ReceivedRequest), no request that must not be repeated comes twice. What must hold behind each round is in
// Settlement. The first violation ends the run.

import Glibc
import LinuxIO

@main
enum Main {
  /// Descriptors of clients, replicas and all else that this process has open at once.
  private static let descriptors = 4096

  static func main() {
    let environment = Console.environment()
    guard let options = Options(Array(CommandLine.arguments.dropFirst()), environment: environment)
    else {
      Console.error(Options.usage)
      exit(2)
    }
    guard Descriptor.raiseLimit() >= descriptors else {
      fail(options, "it needs \(descriptors) descriptors: raise ulimit -n")
    }
    do {
      let ledger = Ledger()
      try endOnSignals(ledger)
      Console.error("fuzz-process: \(options.seconds) s with the seed \(options.seed)")
      let start = Clock.now()
      let run = try Run(options, environment: environment, ledger: ledger)
      run.run()
      if let violation = ledger.violation {
        Console.error("--- the end of lbd's log\n\(run.logTail)---")
        Console.error("the files are in \(run.scene.directory)")
        fail(options, violation)
      }
      run.removeDirectory()
      let seconds = (Clock.now() - start) / 1_000_000_000
      guard !ledger.isOver else { fail(options, "interrupted") }
      print("fuzz-process: passed, seed \(options.seed), \(seconds) s, \(ledger.summary)")
    } catch {
      fail(options, "\(error)")
    }
  }

  private static func fail(_ options: Options, _ what: String) -> Never {
    Console.error("fuzz-process: FAILED, seed \(options.seed): \(what)")
    exit(1)
  }

  /// Who interrupts it has it end what it started. What is written to a connection that is gone is no signal.
  private static func endOnSignals(_ ledger: Ledger) throws {
    let raw = try Signals([SIGINT, SIGTERM, SIGHUP]).descriptor.duplicate().release()
    try Thread.start("signals") {
      _ = Descriptor(owning: raw).wait(until: .readable, milliseconds: -1)
      ledger.end()
    }.detach()
  }
}
