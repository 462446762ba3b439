// One download as a process of its own, so that it can have a core of its own: what curl would be.

import LinuxIO

/// `bench fetch PORT PATH`: receives the answer, throws it away and prints its seconds; exit 1 unless
/// it was a 200 and whole.
enum Fetch {
  static func run(_ arguments: ArraySlice<String>) throws(Failure) -> ExitCode {
    let arguments = Array(arguments)
    guard arguments.count == 2, let port = UInt16(arguments[0]) else {
      throw Failure("usage: bench fetch PORT PATH", .usage)
    }
    let start = Clock.now()
    guard let visitor = Visitor(port: port), let answer = visitor.get(arguments[1]) else {
      throw Failure("no answer from port \(port)")
    }
    guard answer.status == 200 else { throw Failure("the answer was \(answer.status)") }
    let count = answer.received + visitor.discard(answer.length - answer.received)
    guard count == answer.length && count > 0 else {
      throw Failure("\(count) of \(answer.length) bytes came")
    }
    print(Double(Clock.now() - start) / 1e9)
    return .done
  }
}
