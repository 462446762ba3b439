// The first promise: requests go to the replicas in turn, strictly, whoever sends them and whichever
// worker serves them.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct RoundRobinTests {
  /// The turns of so many requests that begin with the first replica.
  private func turns(_ stage: Stage, _ count: Int) -> [String] {
    (0..<count).map { stage.names[$0 % stage.names.count] }
  }

  @Test func `a conf of host, main_port and ports alone balances`() throws {
    let stage = try Stage()
    for _ in 0..<3 { try stage.startReplica() }
    let list = stage.names.joined(separator: ", ")
    try stage.write("[lbd]\nhost = 127.0.0.1\nmain_port = \(stage.mainPort)\nports = \(list)\n")
    let environment = ["LBD_SOCKET": stage.socketPath]
    let lbd = try Child.start("lbd", ["-c", stage.confPath], environment: environment)
    try eventually("all are up; \(lbd.error)") {
      (try? stage.pool())?.allSatisfy { $0.state == .up } == true
    }
    let answers = try (0..<6).map { _ in try stage.connect().get("/getInfo") }
    #expect(Set(answers.map(\.port)) == Set(stage.names))
    for answer in answers {
      #expect(answer.text == #"{"message":"necessary info","port":"\#(answer.port ?? "-")"}"#)
    }
    // Who may not write to /run says so in the environment, to both.
    #expect(try Child.run("lbctl", ["health"], environment: environment).status == 0)
  }

  @Test(arguments: ["workers = auto", "workers = 1", "workers = 4"])
  func `ten requests on one connection go to the replicas in turn`(_ workers: String) throws {
    let stage = try Stage(replicas: 3, lbd: workers)
    let connection = try stage.connect()
    let answers = try (0..<10).map { _ in try connection.get("/getInfo") }
    #expect(answers.map(\.port) == turns(stage, 10))
    #expect(answers.allSatisfy { $0.status == 200 })
  }

  @Test(arguments: ["workers = auto", "workers = 4"])
  func `ten requests on ten connections go to the replicas in turn`(_ workers: String) throws {
    let stage = try Stage(replicas: 3, lbd: workers)
    let connections = try (0..<10).map { _ in try stage.connect() }
    #expect(try connections.map { try $0.get("/getInfo").port } == turns(stage, 10))
    // Each closed before the next opens.
    #expect(
      try (0..<10).map { _ in try stage.connect().get("/getInfo").port }
        == (10..<20).map { stage.names[$0 % 3] })
  }

  @Test(arguments: [1, 4])
  func `concurrent clients give every replica exactly the same share`(_ workers: Int) throws {
    let stage = try Stage(replicas: 3, lbd: "workers = \(workers)")
    let port = stage.mainPort
    let names = try inParallel(10) { _ in
      let connection = try Connection(port: port)
      return try (0..<60).map { _ in try connection.get("/getInfo").port }
    }.flatMap { $0 }
    let shares = Dictionary(grouping: names) { $0 }.mapValues(\.count)
    #expect(shares == Dictionary(uniqueKeysWithValues: stage.names.map { ($0, 200) }))
  }
}
