// What a balancer needs without load: start, memory at rest, memory for idle connections.

import Glibc
import LinuxIO

extension Bench {
  func startPlan() -> Plan {
    Plan(
      scenario: .start, about: "from exec to the first 200 through it, asked each half millisecond",
      notes: ["10 starts of each; the spread's end is the slowest."],
      measures: [Measure("time to the first 200", .milliseconds)], rounds: 10,
      subjects: balancers([.lbd, .nginx, .haproxy]).map { name in
        Subject(name.rawValue) { _ throws(Failure) in try self.observeStart(Launch(name)) }
      })
  }

  /// Bound to no core: the command that would bind it is a program of its own.
  private func observeStart(_ launch: Launch) throws(Failure) -> Observation {
    var launch = launch
    launch.core = nil
    return try withBalancer(launch, isAwaited: false) { tree throws(Failure) in
      let start = processes.lastStart
      while !Bench.answers(launch.name.port) {
        usleep(500)
        try processes.check()
        guard Clock.now() - start < 10_000_000_000 && !processes.hasEnded(tree.root) else {
          throw Failure("no 200: \(workspace.logEnd("\(launch.name.rawValue).log"))")
        }
      }
      return Observation(figures: [Double(Clock.now() - start) / 1e6])
    }
  }

  func restPlan() -> Plan {
    Plan(
      scenario: .rest, about: "memory one second after the start, without traffic",
      notes: ["PSS: each page divided by how many processes have it, of the whole process tree."],
      measures: [Measure("PSS", .mebibytes)], rounds: options.rounds,
      subjects: balancers([.lbd, .nginx, .haproxy]).map { name in
        Subject(name.rawValue) { _ throws(Failure) in
          try self.withBalancer(Launch(name), isAwaited: false) { tree throws(Failure) in
            try self.processes.pause(milliseconds: 1000)
            let bytes = tree.proportionalBytes
            guard Bench.answers(name.port) else { throw Failure("it does not answer") }
            return Observation(figures: [bytes])
          }
        }
      })
  }

  func idlePlan() -> Plan {
    let count = min(8000, descriptors / 2 - 500)
    return Plan(
      scenario: .idle,
      about: "memory for \(count) connections that stay open after one answered request each",
      notes: [
        "PSS of the process tree, 2 s after the last request and 2 s after the last close."
      ],
      measures: [
        Measure("for each connection", .bytes), Measure("kept after they closed", .bytes),
        Measure("PSS with all of them", .mebibytes),
      ], rounds: options.rounds,
      subjects: balancers([.lbd, .nginx, .haproxy]).map { name in
        Subject(name.rawValue) { _ throws(Failure) in
          try self.observeIdle(Launch(name), count)
        }
      })
  }

  private func observeIdle(_ launch: Launch, _ count: Int) throws(Failure) -> Observation {
    try withBalancer(launch) { tree throws(Failure) in
      try processes.pause(milliseconds: 500)
      let base = tree.proportionalBytes
      var connections: [Int32] = []
      // A value that takes a connection over closes it.
      func closeAll() { while let number = connections.popLast() { _ = Visitor(number) } }
      defer { closeAll() }
      var bad = 0
      for _ in 0..<count {
        try processes.check()
        guard let visitor = Visitor(port: launch.name.port) else {
          throw Failure("connection \(connections.count + 1) was refused")
        }
        if visitor.get("/getInfo")?.status != 200 { bad += 1 }
        connections.append(visitor.give())
      }
      try processes.pause(milliseconds: 2000)
      let full = tree.proportionalBytes
      closeAll()
      try processes.pause(milliseconds: 2000)
      let after = tree.proportionalBytes
      return Observation(
        figures: [(full - base) / Double(count), (after - base) / Double(count), full], bad: bad)
    }
  }
}
