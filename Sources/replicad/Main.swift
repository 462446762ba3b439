// The command `replicad`: reads its arguments and runs the server to its end.

import ControlProtocol
import Glibc
import LinuxIO

@main
enum Main {
  static func main() {
    StandardDescriptors.fill()
    switch Options.parse(Array(CommandLine.arguments.dropFirst())) {
    case .run(let options):
      // Threads that still serve are cut off here, so no exit handler may run under their feet.
      _exit(Server.run(options))
    case .help: print(Options.help)
    case .version: print("replicad \(Release.version)")
    case .refused(let problem):
      Console.error("replicad: \(problem)")
      exit(2)
    }
  }
}
