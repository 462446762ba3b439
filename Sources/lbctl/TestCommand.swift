// `lbctl test`: real requests through the balancer, each answer as it came, then who answered.

import CommandText
import ControlProtocol
import LinuxIO

extension Command {
  func test() throws(Failure) -> ExitCode {
    let operand = invocation.operand ?? Command.demoPath
    var route = operand.hasPrefix("/") ? try route(path: operand) : try route(url: operand)
    _ = Descriptor.raiseLimit()
    var first: TestResult?
    if invocation.operand == nil {
      let result = TestRun.sample(plan(route))
      if let other = try otherRoute(than: route, after: result) {
        route = other
      } else {
        first = result
      }
    }
    let plan = plan(route)
    let tally = TestTally(replicas: route.replicas, keepsAnswers: invocation.isJSON)
    let (output, isJSON) = (output, invocation.isJSON)
    let result = TestRun(plan, tally) { answer in
      isJSON || (try? output.write(document: answer.body)) != nil
    }.run(after: first)
    guard result.succeeded + result.failed == plan.count else {
      throw Failure(.failed, "standard output could not be written; the test was given up")
    }
    if isJSON {
      try output.write(json: result.json)
    } else {
      for line in result.lines { Messages.tell(line) }
    }
    return result.failed == 0 ? .done : .failed
  }

  /// What the demo's replicas answer, and tutorials' apps.
  private static var demoPath: String { "/getInfo" }

  private func plan(_ route: Route) -> TestRun.Plan {
    TestRun.Plan(
      addresses: route.addresses, request: route.target.request(token: route.token),
      count: invocation.requests, concurrency: invocation.concurrency,
      isNamed: route.token != nil)
  }

  /// Where an app that has no `/getInfo` is asked, which is said; nil for one that has it.
  private func otherRoute(
    than route: Route, after result: TestResult
  ) throws(Failure) -> Route? {
    // RFC 9110: not found, or it is there and answers to no GET, or is gone.
    guard case .answered(let answer) = result.outcome, [404, 405, 410].contains(answer.status)
    else { return nil }
    let path = route.healthPath ?? "/"
    let source = path == "/" ? "" : ", the path of [health]"
    Messages.say(
      "the app answers \(answer.status) to \(Command.demoPath); "
        + "asks \(path)\(source) instead")
    var other = route
    other.target = try route.target.at(path: path)
    return other
  }

  /// Where requests go, and what is known of who will answer.
  private struct Route {
    var target: TestTarget
    let addresses: [SocketAddress]
    var token: String?
    /// The replicas among which lbd chooses now.
    var replicas: [String] = []
    /// What lbd's probes ask for, where they ask for something.
    var healthPath: String?

    init(_ target: TestTarget) throws(Failure) {
      self.target = target
      addresses = SocketAddress.resolve(target.host, port: target.port)
      guard !addresses.isEmpty else {
        throw Failure(.failed, "\"\(target.host)\" does not resolve to an address")
      }
    }

    mutating func take(_ report: PoolReport) {
      token = report.testToken
      healthPath = report.healthPath
      // With several pools it is the route that decides which of them answers.
      guard report.pools.count == 1 else { return }
      replicas = report.pools[0].replicas.filter(\.state.isServing).map(\.name)
    }
  }

  private func route(path: String) throws(Failure) -> Route {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    guard let target = try TestTarget(listener: answer.report.listener, path: path) else {
      throw Failure(
        .failed, "lbd listens at \"\(answer.report.listener)\", which has no port")
    }
    var route = try Route(target)
    route.take(answer.report)
    return route
  }

  /// A URL may well lead to lbd's listener; then the token goes along and answers are named.
  private func route(url: String) throws(Failure) -> Route {
    var route = try Route(try TestTarget(url: url))
    let answer: ControlClient.Answer<PoolReport>? = try? client.get(ControlPath.pool)
    if let report = answer?.report,
      let own = try? TestTarget(listener: report.listener, path: "/"),
      SocketAddress.resolve(own.host, port: own.port).contains(where: route.addresses.contains)
    {
      route.take(report)
    }
    return route
  }
}
