// The command compose: lbd and its local replicas as plain processes, what docker compose is for
// containers. The Makefile calls it; the conf says what there is.

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
      guard let options = try Options.parse(Array(CommandLine.arguments.dropFirst())) else {
        try Output.write(Options.usage)
        return .done
      }
      try Compose(options, environment: Console.environment()).run(options.verb)
      return .done
    } catch {
      // What names a line of a conf says so itself, and each line of it stands as it is.
      Console.error(error.message)
      return error.code
    }
  }
}
