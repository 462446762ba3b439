// The command lbctl: looks at a running lbd and gives it orders.

import Glibc
import LinuxIO

@main
enum Main {
  static func main() {
    StandardDescriptors.fill()
    exit(run().rawValue)
  }

  private static func run() -> ExitCode {
    do throws(Failure) {
      let invocation = try Invocation.parse(Array(CommandLine.arguments.dropFirst()))
      return try Command(invocation, environment: Console.environment()).run()
    } catch {
      Command.say(error.message)
      return error.code
    }
  }
}
