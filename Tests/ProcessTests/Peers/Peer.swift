// Programs that others wrote and that speak HTTP with lbd in a test. They are Debian's packages; one
// that is not there fails the test and is named.

import Foundation
import TestSupport

/// Where the peers are.
enum Peer {
  /// The app and the clients in Python.
  static let directory = Binaries.package + "/Tests/Peers"

  /// A program's path.
  static func program(_ path: String, package: String) throws -> String {
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw TestFailure("there is no \(path): install Debian's \(package)")
    }
    return path
  }

  /// Debian's Python with all that the app and the clients need. Asked once.
  static let python = Result { try findPython(with: "uvicorn", "fastapi", "websockets") }

  /// Debian's Python with these of its packages, each called by its module's name.
  static func findPython(with modules: String...) throws -> String {
    let python = try program("/usr/bin/python3", package: "python3")
    let question =
      "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if not u.find_spec(m)])"
    // Isolated: Debian's packages alone count.
    let outcome = try Child(python, ["-I", "-c", question] + modules).outcome(within: 30)
    let missing = outcome.output.split(whereSeparator: \.isWhitespace).map { "python3-\($0)" }
    guard outcome.status == 0 && missing.isEmpty else {
      throw TestFailure("Python has no \(missing): install Debian's packages\n\(outcome.error)")
    }
    return python
  }

  /// Runs curl to its end, without anyone's settings.
  /// - Parameter input: the file that it reads as its standard input.
  static func curl(
    _ arguments: [String], input: String = "/dev/null"
  ) throws -> Child.Outcome {
    let curl = try program("/usr/bin/curl", package: "curl")
    let child = try Child(
      "/bin/sh", ["-c", #"exec 0<"$0" "$@""#, input, curl, "-q", "-sS"] + arguments)
    return try child.outcome(within: 30)
  }

  /// Runs one of the clients in `client.py` and reads what it prints.
  static func client<Value: Decodable>(
    _ name: String, port: UInt16, as type: Value.Type = Value.self
  ) throws -> Value {
    let child = try Child(try python.get(), ["-IB", directory + "/client.py", name, "\(port)"])
    let outcome = try child.outcome(within: 30)
    guard outcome.status == 0 else { throw TestFailure("client.py \(name): \(outcome.error)") }
    return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
  }

  private static let alphabets = (0..<260_000).map { UInt8(0x61 + $0 % 26) }

  /// The alphabet again and again, from its beginning.
  static func letters(_ count: Int) -> [UInt8] {
    var letters: [UInt8] = []
    while letters.count < count { letters += alphabets.prefix(count - letters.count) }
    return letters
  }
}
