// The command bench: lbd beside other balancers, all given the same work in one run. `make bench`
// calls it; what it measures is in Scenario, how in the plan of each.

import CommandText
import Glibc
import LinuxIO

@main
enum Main {
  static func main() {
    exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  private static func run(_ arguments: [String]) -> ExitCode {
    do throws(Failure) {
      // The parts that run as processes of their own, so that their CPU can be told apart.
      switch arguments.first {
      case "relay": return try Relay.run(arguments.dropFirst())
      case "fetch": return try Fetch.run(arguments.dropFirst())
      default: break
      }
      guard let options = try Options.parse(arguments) else {
        Console.error(Options.usage)
        return .done
      }
      return try Bench(options, environment: Console.environment()).run() ? .done : .failed
    } catch {
      Console.error("bench: \(error.message)")
      return error.code
    }
  }
}
