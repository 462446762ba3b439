// The former release and this one follow each other, in both directions, and know each other's orders, conf
// and lbctl. Run by `make test-upgrade`, which builds the former one; the rule is in docs/failover.md.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct FormerReleaseTests {
  /// Clients of each kind: with connections that are kept and such that are not, without a body and with one.
  private struct Traffic {
    static let mark = "load"
    private let loads: [Load]

    init(_ stage: Stage) throws {
      loads = try [nil, "a body"].flatMap { body in
        try [true, false].map { isKept in
          try Load(
            port: stage.mainPort, clients: 2, target: "/echo?" + Traffic.mark, body: body,
            isKept: isKept, rate: 100)
        }
      }
    }

    var answers: Int { loads.reduce(0) { $0 + $1.answers } }

    func awaitAnswers(_ count: Int) throws {
      for load in loads { try load.awaitAnswers(count) }
    }

    func stop() -> [String] { loads.flatMap { $0.stop() } }
  }

  /// What scripts, dashboards and readers of logs know of a release.
  private struct Face {
    /// Series of the metrics, by name and labels.
    var series: Set<String>
    /// Members of the access log's lines.
    var members: Set<String>
  }

  @Test(arguments: Way.allCases, Version.allCases)
  func `each release takes over from the other under load, and nothing is lost`(
    _ way: Way, _ first: Version
  ) throws {
    let service = try Service(way, first)
    let (stage, traffic) = (service.stage, try Traffic(service.stage))
    try expect(service, first.other, ["drain", stage.names[0]])
    var faces = [first: try face(of: service, traffic)]
    for (turn, next) in [first.other, first].enumerated() {
      // By the lbctl of the one that does not run.
      try expect(service, next, ["weight", stage.names[1], "\(40 + turn)"])
      try service.writeConf(replicas: 4)
      try expect(service, next, ["reload"])
      try stage.awaitPool("the fourth one is up") { $0.count == 4 && $0[3].state == .up }
      let orders = try service.orders()
      #expect(orders.replicas[0].state == .draining && orders.replicas[1].weight == 40 + turn)
      try traffic.awaitAnswers(20)
      try service.follow(with: next)
      #expect(try service.orders() == orders, "\(service.log)")
      try expectObedience(service)
      faces[next] = try face(of: service, traffic)
      try service.writeConf(replicas: 3)
      try expect(service, next.other, ["reload"])
      #expect(try stage.pool().map(\.name) == Array(stage.names.prefix(3)))
      try expectVerbs(service)
      try traffic.awaitAnswers(20)
    }
    #expect(traffic.stop() == [])
    try service.stop()
    try expectLines(service, of: traffic)
    expectKnown(faces)
  }

  /// What the former release shows, this one shows, too.
  private func expectKnown(_ faces: [Version: Face]) {
    guard let former = faces[.former], let current = faces[.current] else {
      Issue.record("not both were seen")
      return
    }
    #expect(former.series.subtracting(current.series) == [])
    #expect(former.members.subtracting(current.members) == [])
  }

  /// Each request has its line, whoever has written it.
  private func expectLines(_ service: Service, of traffic: Traffic) throws {
    let lines = try service.stage.accessLines().filter {
      $0.text("target")?.hasSuffix(Traffic.mark) == true && $0.count("status") == 200
    }
    #expect(lines.count == traffic.answers)
  }

  private func expect(_ service: Service, _ version: Version, _ words: [String]) throws {
    let outcome = try service.lbctl(version, words)
    #expect(
      outcome.status == 0,
      "lbctl \(words) of the \(version) release, lbd of the \(service.version) one: \(outcome)")
  }

  /// Nothing goes to the replica that was drained.
  private func expectObedience(_ service: Service) throws {
    let client = try service.stage.connect()
    for _ in 0..<12 {
      let answer = try client.get("/getInfo")
      #expect(answer.status == 200 && answer.port != service.stage.names[0])
    }
  }

  /// Both releases' commands speak with the lbd that runs.
  private func expectVerbs(_ service: Service) throws {
    let (stage, name) = (service.stage, service.stage.names[2])
    for version in Version.allCases {
      let questions = [
        ["pool"], ["health"], ["events"], ["explain", name], ["metrics"], ["config"], ["version"],
        ["test", "/getInfo"], ["reload", "--dry-run"],
      ]
      for words in questions { try expect(service, version, words) }
      for (verb, expected) in [("drain", ReplicaState.draining), ("maint", .maint)] {
        try expect(service, version, [verb, name])
        #expect(try stage.pool()[2].state == expected)
        try expect(service, version, ["ready", name])
        // In maintenance nobody asks how it is.
        try stage.awaitPool("it is up") { $0[2].state == .up }
      }
      let address = "127.0.0.1:\(stage.ports[3])"
      try expect(service, version, ["add", address])
      #expect(try stage.pool().count == 4)
      try expect(service, version, ["remove", address])
      try expectPool(service, version)
      let check = try version.run("lbd", ["-t", "-c", stage.confPath])
      #expect(check.status == 0, "lbd -t of the \(version) release: \(check)")
    }
  }

  /// A release's lbctl shows the pool as the lbd that runs has it.
  private func expectPool(_ service: Service, _ version: Version) throws {
    let outcome = try service.lbctl(version, "pool", "--json")
    let report = try JSONDecoder().decode(PoolReport.self, from: Data(outcome.output.utf8))
    #expect(report.pid == Int(service.pid))
    #expect(
      report.pools.first?.replicas.map { .init(name: $0.name, state: $0.state, weight: $0.weight) }
        == (try service.orders().replicas), "\(outcome)")
  }

  /// What is seen from outside of the release that serves, once it alone does. Its counts and lines go on.
  private func face(of service: Service, _ traffic: Traffic) throws -> Face {
    func responses(_ scrape: Exposition) -> Int {
      scrape.sum("lbd_replica_responses_total", ["code": "2xx"]) ?? 0
    }
    let before = try service.stage.accessLines().count
    let counted = responses(try service.scrape())
    try traffic.awaitAnswers(20)
    let scrape = try eventually("the counts go on\n\(service.log)") {
      let scrape = try service.scrape()
      return responses(scrape) >= counted + 20 ? scrape : nil
    }
    let lines = try service.stage.awaitAccessLines(before + 20)[before...]
    let series = scrape.families.flatMap(\.samples).map { sample in
      "\(sample.name)\(sample.labels.map(\.name).sorted())"
    }
    return Face(
      series: Set(series), members: lines.reduce(into: []) { $0.formUnion($1.names) })
  }

  @Test(arguments: Version.allCases)
  func `a restart with the other release has the orders of before from the state's file`(
    _ first: Version
  ) throws {
    let service = try Service(.takeover, first)
    let names = service.stage.names
    try expect(service, first, ["drain", names[0]])
    for (turn, next) in [first.other, first].enumerated() {
      try expect(service, first, ["weight", names[1], "\(40 + turn)"])
      try expect(service, first, ["maint", names[2]])
      let orders = try service.orders()
      #expect(orders.replicas.map(\.state) == [.draining, .up, .maint])
      try service.restart(with: next)
      #expect(try service.orders() == orders, "\(service.log)")
      try expectObedience(service)
      try expect(service, first, ["ready", names[2]])
    }
    try service.stop()
  }

  @Test(arguments: Version.allCases)
  func `a conf that the other release rejects leaves the one that serves, and says why`(
    _ first: Version
  ) throws {
    let service = try Service(.upgrade, first)
    let (pid, traffic) = (service.pid, try Traffic(service.stage))
    try service.writeConf(replicas: 3, more: "[nonsense]\n")
    try service.install(first.other)
    for version in Version.allCases {
      let outcome = try service.lbctl(version, "upgrade")
      #expect(outcome.status == 1 && outcome.error.contains("[nonsense]"), "\(outcome)")
      #expect(try service.holder() == pid)
    }
    try service.writeConf(replicas: 3)
    try service.follow(with: first.other)
    try traffic.awaitAnswers(20)
    #expect(traffic.stop() == [])
    try service.stop()
  }

  @Test func `each value of a conf is the same to both releases`() throws {
    let stage = try Stage()
    try stage.writeConf(
      ports: [8081, 8082], lbd: "workers = 2",
      sections: "[retry]\nattempts = 2\n[replica far]\naddress = 192.0.2.1:80\nweight = 7\n")
    let former = try values(.former, stage)
    #expect(former.count > 40 && former.contains("[replica far] weight = 7"), "\(former)")
    #expect(former.subtracting(try values(.current, stage)) == [])
  }

  /// What `lbd -T` prints, each with its section and without where it comes from.
  private func values(_ version: Version, _ stage: Stage) throws -> Set<String> {
    let outcome = try version.run("lbd", ["-T", "-c", stage.confPath])
    #expect(outcome.status == 0, "\(outcome)")
    var section: Substring = ""
    var values: Set<String> = []
    for line in outcome.output.split(separator: "\n") {
      if line.hasPrefix("[") {
        section = line
      } else {
        let value = line.prefix { $0 != ";" }.split(separator: " ").joined(separator: " ")
        values.insert("\(section) \(value)")
      }
    }
    return values
  }
}
