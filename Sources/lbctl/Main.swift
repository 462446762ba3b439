// The command lbctl: looks at a running lbd and gives it orders.

import ControlProtocol
import Glibc
import LinuxIO

@main
enum Main {
  static func main() {
    StandardDescriptors.fill()
    exit(run().rawValue)
  }

  private static func run() -> ExitCode {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let environment = Console.environment()
    do throws(Failure) {
      return try Command(try Invocation.parse(arguments), environment: environment).run()
    } catch {
      tell(error, asJSON: Invocation.asksForJSON(arguments), Output(environment: environment))
      return error.code
    }
  }

  /// Who asked for JSON gets it, whatever happens.
  private static func tell(_ failure: Failure, asJSON: Bool, _ output: Output) {
    if asJSON, (try? output.write(json: failure.json)) != nil { return }
    Messages.say(failure.message)
  }
}
