// That the conf in this repository loads, and that its comments say the true defaults.

import Configuration
import Foundation
import Testing

@Suite struct DemoConfTests {
  /// `etc/lb.conf` of this repository.
  private func demo() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "etc/lb.conf"), encoding: .utf8)
  }

  @Test func `the demo conf says the three parameters, the socket, the page and the health path`()
    throws
  {
    let loaded = Loaded(try demo())
    var expected = Configuration()
    expected.ports = [8081, 8082, 8083]
    expected.replicas = expected.ports.map {
      ReplicaConfiguration(name: "\($0)", address: .host("127.0.0.1", port: $0))
    }
    expected.health.path = "/health"
    expected.docs = .on
    #expect(loaded.errors == [])
    #expect(loaded.configuration == expected)
  }

  @Test func `the demo conf takes its socket from the environment`() throws {
    let loaded = Loaded(try demo(), environment: ["LBD_SOCKET": "run/lbd.sock"])
    #expect(loaded.configuration?.control == "run/lbd.sock")
    #expect(loaded.effective.contains("control = run/lbd.sock  ; ${LBD_SOCKET}\n"))
  }

  @Test func `every commented default of the demo conf is the default`() throws {
    let lines = try demo().split(separator: "\n", omittingEmptySubsequences: false)
    // What `;key = value` says, uncommented, is what holds without it.
    let said = lines.map { line in
      line.hasPrefix(";include") || line.hasPrefix(";address") || line.hasPrefix(";weight")
        || line.hasPrefix(";max_requests") || line.hasPrefix(";[")
        ? "" : line.hasPrefix(";") ? String(line.dropFirst()) : String(line)
    }
    let loaded = Loaded(said.joined(separator: "\n"))
    #expect(loaded.errors == [])
    #expect(loaded.configuration == Loaded(try demo()).configuration)
    #expect(!loaded.effective.contains("; default"), "each key stands in the demo conf")
  }

  @Test func `the commented replica of the demo conf loads`() throws {
    let text = try demo().replacing("\n;[", with: "\n[").replacing("\n;address", with: "\naddress")
    let loaded = Loaded(text)
    #expect(loaded.errors == [])
    let r4 = ReplicaConfiguration(name: "r4", address: .host("app.internal", port: 9000))
    #expect(loaded.configuration?.replicas.last == r4)
    #expect(r4.weight == 100)
  }
}
