// What a reload changes, and what it says that it cannot.

import Configuration
import Testing

@Suite struct ReloadPlanTests {
  private func plan(_ running: String, _ loaded: String) throws -> ReloadPlan {
    ReloadPlan(
      from: try #require(Loaded(running).configuration),
      to: try #require(Loaded(loaded).configuration))
  }

  @Test func `the same conf changes nothing`() throws {
    let text = "[lbd]\nports = 8081-8083\nworkers = 2"
    let plan = try plan(text, text)
    #expect(plan.changes == [] && plan.leftOut == [])
    #expect(plan.next == Loaded(text).configuration)
  }

  @Test func `each change is a line, of keys and of replicas`() throws {
    let plan = try plan(
      "[lbd]\nports = 8081-8082\n[replica a]\naddress = a:1\n[replica b]\naddress = b:1",
      """
      [lbd]
      ports = 8082-8083
      [replica a]
      address = a:2
      weight = 7
      max_requests = 5
      [replica b]
      address = b:1
      [timeouts]
      connect = 2s
      [metrics]
      listen = 127.0.0.1:9090
      """)
    #expect(
      plan.changes == [
        "~ [lbd] ports: 8081, 8082 -> 8082, 8083", "~ [timeouts] connect: 1s -> 2s",
        "~ [metrics] listen: off -> 127.0.0.1:9090", "- replica 8081 (127.0.0.1:8081)",
        "+ replica 8083 (127.0.0.1:8083)", "~ replica a: address a:1 -> a:2",
        "~ replica a: weight 100 -> 7", "~ replica a: max_requests 0 -> 5",
      ])
    #expect(plan.leftOut == [])
  }

  @Test func `beside a socket that was passed, host and main_port are no change`() throws {
    let plan = ReloadPlan(
      from: try #require(Loaded("[lbd]\nports = 8081").configuration),
      to: try #require(Loaded("[lbd]\nmain_port = 81\nports = 8082").configuration),
      listensOnPassedSocket: true)
    #expect(plan.overruled.count == 1 && plan.overruled[0].hasPrefix("[lbd] main_port: "))
    #expect(plan.changes.first == "~ [lbd] ports: 8081 -> 8082" && plan.leftOut == [])
  }

  @Test func `what only a restart changes keeps its value, and the effective conf says so`() throws
  {
    let before = "[lbd]\nports = 8081\nworkers = 2\n[limits]\nbody = 1m"
    let after =
      "[lbd]\nports = 8081\nworkers = 3\ncontrol = /x.sock\n[limits]\nheader = 8k\nbody = 2m"
      + "\nconnections = 9"
    let plan = try plan(before, after)
    #expect(plan.changes == ["~ [limits] body: 1m -> 2m"])
    #expect(
      plan.leftOut == [
        "[lbd] workers: 2 -> 3", "[lbd] control: /run/lbd/lbd.sock -> /x.sock",
        "[limits] header: 16k -> 8k", "[limits] connections: auto -> 9",
      ])
    #expect(plan.next.workers == 2 && plan.next.limits.header == 16 << 10)
    #expect(plan.next.limits.body == 2 << 20 && plan.next.limits.connections == nil)
    let effective = plan.correct(Loaded(after).effective)
    #expect(Loaded(effective).errors == [])
    #expect(Loaded(effective).configuration == plan.next)
    #expect(effective.contains("workers = 2  ; since the start; "), "\(effective)")
    #expect(plan.correct(Loaded(before).effective) == Loaded(before).effective)
  }
}
