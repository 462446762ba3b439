// The command `lbd`: reads its arguments, loads the conf, and either says what it found or runs the
// daemon to its end.

import Configuration
import ConfigurationIO
import ControlProtocol
import Glibc
import LinuxIO

@main
enum Main {
  /// What the service manager knows as a broken conf (EX_CONFIG of sysexits.h): no restart mends it.
  static let badConf: Int32 = 78
  /// Seconds that a start waits for the conf's files.
  private static let patience = 30

  static func main() {
    Signals.hold(Daemon.signals)
    StandardDescriptors.fill()
    let environment = Console.environment()
    let options = Options.parse(Array(CommandLine.arguments.dropFirst()))
    if !options.runs { Signals.release(Daemon.signals) }
    switch options {
    case .run(let path): run(path, environment, takesOver: false)
    case .takeOver(let path): run(path, environment, takesOver: true)
    case .check(let path): check(path, environment)
    case .show(let path): show(path, environment)
    case .help: print(Options.usage)
    case .helpConfig(let key): helpConfig(key)
    case .version: print("lbd \(Release.version)")
    case .refused(let problem):
      Console.error("lbd: \(problem)")
      exit(2)
    }
  }

  private static func run(_ path: String, _ environment: [String: String], takesOver: Bool) {
    // A conf may take long to be read, and to end then is to stop as one was told to.
    Signals.endAtOnce(on: [SIGINT, SIGTERM])
    let report = takesOver ? NextReport(environment) : nil
    guard let (configuration, effective) = load(path, environment, report) else { exit(badConf) }
    let status = Daemon.run(
      configuration, effective, path: path, environment: environment, takesOver: takesOver)
    // Nothing is left to do at exit, and a thread that was cut off must not be waited for.
    _exit(status)
  }

  private static func check(_ path: String, _ environment: [String: String]) {
    guard let (configuration, _) = load(path, environment) else { exit(1) }
    let preflight = Preflight(configuration)
    for line in preflight.obstacles { Console.error("lbd: \(line)") }
    for line in preflight.notes { Console.error("lbd: note: \(line)") }
    guard preflight.obstacles.isEmpty else { exit(1) }
    let count = configuration.replicas.count
    print("\(path): ok (1 pool, \(count) replica\(count == 1 ? "" : "s"))")
    for line in Unchecked.names(of: configuration.replicas) { print("\(path): \(line)") }
  }

  private static func show(_ path: String, _ environment: [String: String]) {
    guard let (configuration, whole) = load(path, environment) else { exit(1) }
    let effective = annotated(whole, configuration)
    print(effective, terminator: effective.hasSuffix("\n") ? "" : "\n")
  }

  /// With what `connections` comes to for who asks; a service may have other limits.
  private static func annotated(_ text: String, _ configuration: Configuration) -> String {
    let workers = configuration.workers ?? Thread.usableProcessors()
    do throws(StartFailure) {
      return try ConnectionLimits(
        configuration, replicas: configuration.replicas.count, workers: workers
      ).annotate(text)
    } catch {
      return ConnectionLimits.annotate(text, error.line)
    }
  }

  private static func helpConfig(_ key: String?) {
    guard let text = Configuration.help(key: key) else {
      Console.error("lbd: there is no key \"\(key ?? "")\"; see lbd --help-config for all of them")
      exit(2)
    }
    print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
  }

  /// Loads a conf, or says on standard error everything that is wrong with it.
  private static func load(
    _ path: String, _ environment: [String: String], _ report: NextReport? = nil
  ) -> (Configuration, effective: String)? {
    let reading = ConfReading()
    let outcome: LoadOutcome?
    do throws(SystemError) {
      outcome = try FileWork.read(path, environment, reading, within: Main.patience)
    } catch {
      Console.error("lbd: cannot start a thread: \(error)")
      exit(1)
    }
    switch outcome {
    case .none:
      let work = reading.current ?? "reading \(path)"
      Console.error("lbd: gave up \(work) after \(Main.patience) s: is a mount dead?")
      // Another start may find it well; and the thread that hangs must not be waited for.
      _exit(1)
    case .loaded(let configuration, let effective): return (configuration, effective)
    case .refused(let diagnostics):
      for diagnostic in diagnostics {
        Console.error(diagnostic.description)
        // Without the line of the file, and the mark below it.
        report?.tell(String(diagnostic.description.prefix { $0 != "\n" }))
      }
      return nil
    }
  }
}
