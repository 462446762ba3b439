// Confs that load: each key, each form of a value, and the defaults.

import Configuration
import Testing

/// One setting and what it comes to.
struct Good: Sendable, CustomTestStringConvertible {
  let text: String
  let holds: @Sendable (Configuration) -> Bool
  var testDescription: String { text }

  init(_ text: String, _ holds: @escaping @Sendable (Configuration) -> Bool) {
    self.text = text
    self.holds = holds
  }
}

@Suite struct GoodConfTests {
  @Test func `a conf of the three parameters is complete`() throws {
    let loaded = Loaded("[lbd]\nhost = 127.0.0.1\nmain_port = 9000\nports = 8081, 8082\n")
    var expected = Configuration()
    expected.mainPort = 9000
    expected.ports = [8081, 8082]
    expected.replicas = [
      ReplicaConfiguration(name: "8081", address: .host("127.0.0.1", port: 8081), weight: 100),
      ReplicaConfiguration(name: "8082", address: .host("127.0.0.1", port: 8082), weight: 100),
    ]
    #expect(loaded.configuration == expected)
  }

  @Test func `the defaults are the ones that were decided`() throws {
    let all = try #require(Loaded.beside("").configuration)
    #expect(all.host == "127.0.0.1" && all.mainPort == 8080 && all.workers == nil)
    #expect(all.docs == .off)
    #expect(all.control == "/run/lbd/lbd.sock" && all.algorithm == .roundRobin)
    #expect(all.health.check == .http && all.health.path == "/")
    #expect(all.health.expect == StatusRanges([200...499]))
    #expect(all.health.interval == .seconds(1) && all.health.timeout == .milliseconds(500))
    #expect(all.health.rise == 2 && all.health.fall == 3 && all.health.jitterPercent == 10)
    #expect(all.health.fastInterval == .milliseconds(250))
    #expect(all.health.method == .get && all.health.host == nil && all.health.port == nil)
    #expect(all.health.body == nil && all.health.failures == 5)
    #expect(all.health.ejection == .seconds(5))
    #expect(all.timeouts.connect == .seconds(1) && all.timeouts.response == .seconds(30))
    #expect(all.timeouts.idle == .seconds(60) && all.timeouts.clientHeader == .seconds(10))
    #expect(all.timeouts.clientIdle == .seconds(75) && all.timeouts.drain == .seconds(30))
    #expect(all.timeouts.tunnelIdle == .seconds(3600) && all.limits.fields == 100)
    #expect(all.retry.attempts == 2 && all.limits.header == 16384)
    #expect(all.limits.body == nil && all.limits.connections == nil)
    #expect(all.forward == ForwardConfiguration())
    #expect(all.forward.trustedProxies == nil && !all.forward.forwarded)
    #expect(all.forward.proxyProtocol == .off && all.forward.proxyProtocolIn == .optional)
    #expect(all.forward.via && all.forward.drop == nil)
    #expect(all.log.level == .info && all.log.format == .auto && all.log.access == .off)
    #expect(all.metrics.listen == nil)
  }

  @Test(arguments: [
    Good("docs = on") { $0.docs == .on },
    Good("docs = yes") { $0.docs == .on },
    Good("docs = true") { $0.docs == .on },
    Good("docs = off") { $0.docs == .off },
    Good("docs = no") { $0.docs == .off },
    Good("docs = full") { $0.docs == .full },
    Good("[health]\ncheck = tcp") { $0.health.check == .tcp },
    Good("[health]\nexpect = 200-399, 404") {
      $0.health.expect == StatusRanges([200...399, 404...404]) && $0.health.expect.contains(404)
        && !$0.health.expect.contains(403)
    },
    Good("[health]\ninterval = 10ms") { $0.health.interval == .milliseconds(10) },
    Good("[health]\ninterval = 1h") { $0.health.interval == .seconds(3600) },
    Good("[health]\njitter = 0%") { $0.health.jitterPercent == 0 },
    Good("[health]\npath=/a;b") { $0.health.path == "/a;b" },
    Good("[ health ]  ; where\n\tpath\t=\t/x\t# why") { $0.health.path == "/x" },
    Good("[health]\nmethod = OPTIONS\nport = 65535") {
      $0.health.method == .options && $0.health.port == 65535
    },
    Good("[health]\nhost = auto\nport = auto\nbody = none") {
      $0.health.host == nil && $0.health.port == nil && $0.health.body == nil
    },
    Good("[health]\nhost = App_1.Internal") { $0.health.host == "app_1.internal" },
    Good("[health]\nhost = app.internal:81") { $0.health.host == "app.internal:81" },
    Good("[health]\nhost = [0::1]") { $0.health.host == "[::1]" },
    Good("[health]\nhost = [0::1]:81") { $0.health.host == "[::1]:81" },
    Good("[health]\nhost = 10.0.0.1") { $0.health.host == "10.0.0.1" },
    Good("[health]\nbody = {\"status\": \"ok\"} a;b # why") {
      $0.health.body == #"{"status": "ok"} a;b"#
    },
    Good("[health]\nmethod = HEAD\nbody = none") { $0.health.method == .head },
    Good("[health]\nmethod = GET\nbody = \(String(repeating: "x", count: 256))") {
      $0.health.body?.utf8.count == 256
    },
    Good("[health]\nfailures = 0\nejection = 60s") {
      $0.health.failures == 0 && $0.health.ejection == .seconds(60)
    },
    Good("[timeouts]\r\nidle = 2m\r") { $0.timeouts.idle == .seconds(120) },
    Good("[limits]\nheader = 64K\nbody = 1m") {
      $0.limits.header == 65536 && $0.limits.body == 1 << 20
    },
    Good("[limits]\nbody = 1048576\nconnections = 7") {
      $0.limits.body == 1 << 20 && $0.limits.connections == 7
    },
    Good("[limits]\nbody = unlimited\nconnections = auto") {
      $0.limits.body == nil && $0.limits.connections == nil
    },
    Good("[forward]\ntrusted_proxies = 10.0.0.1 , 10.1.2.3/16,FD00::0/8") {
      $0.forward.trustedProxies?.map(\.description) == ["10.0.0.1", "10.1.2.3/16", "fd00::/8"]
    },
    Good("[forward]\ntrusted_proxies = 10.0.0.1/32, ::1/128, 0.0.0.0/0") {
      $0.forward.trustedProxies?.map(\.description) == ["10.0.0.1", "::1", "0.0.0.0/0"]
    },
    Good("[forward]\ntrusted_proxies = none\nforwarded = on\nproxy_protocol = v2") {
      $0.forward.trustedProxies == nil && $0.forward.forwarded && $0.forward.proxyProtocol == .v2
    },
    Good("[forward]\ntrusted_proxies = ::1\nproxy_protocol_in = required\nvia = off") {
      $0.forward.proxyProtocolIn == .required && !$0.forward.via
    },
    Good("[forward]\ndrop = none") { $0.forward.drop == nil },
    Good("[forward]\ndrop = X-Client-IP , X_Original_URL,a.b # why") {
      $0.forward.drop == ["X-Client-IP", "X_Original_URL", "a.b"]
    },
    Good("[forward]\ndrop = \((1...32).map { "n\($0)" }.joined(separator: ", "))") {
      $0.forward.drop?.count == 32
    },
    Good("[timeouts]\ntunnel_idle = 24h") { $0.timeouts.tunnelIdle == .seconds(86_400) },
    Good("[limits]\nfields = 1000") { $0.limits.fields == 1000 },
    Good("[retry]\nattempts = 0") { $0.retry.attempts == 0 },
    Good("[balance]\nalgorithm = round_robin") { $0.algorithm == .roundRobin },
    Good("[log]\nlevel = warning\nformat = json\naccess = off") {
      $0.log.level == .warning && $0.log.format == .json
    },
    Good("[metrics]\nlisten = off") { $0.metrics.listen == nil },
    Good("[metrics]\nlisten = 0.0.0.0:9090") {
      $0.metrics.listen == .host("0.0.0.0", port: 9090)
    },
    Good("[metrics]\nlisten = [::]:9090") { $0.metrics.listen == .host("::", port: 9090) },
    Good("[metrics]\nlisten = LocalHost:9090") {
      $0.metrics.listen == .host("localhost", port: 9090)
    },
    Good("[metrics]\nlisten = unix:/run/m.sock") { $0.metrics.listen == .unix("/run/m.sock") },
    Good("[log]\naccess = stdout") { $0.log.access == .standardOutput },
    Good("[log]\naccess = ./access log.json") { $0.log.access == .path("./access log.json") },
    Good("[replica r4]\naddress = App.internal:9000\nweight = 256") {
      $0.replicas.last
        == ReplicaConfiguration(
          name: "r4", address: .host("app.internal", port: 9000), weight: 256)
    },
    Good("[replica r4]\naddress = [0:0::1]:9000") {
      $0.replicas.last?.address == .host("::1", port: 9000)
    },
    Good("[replica r4]\naddress = unix:/run/app 1.sock") {
      $0.replicas.last?.address == .unix("/run/app 1.sock")
    },
    Good("[replica r4]\naddress = 10.0.0.1:8080") { $0.replicas.count == 2 },
  ])
  func `a key takes`(_ good: Good) throws {
    let loaded = Loaded.beside(good.text)
    #expect(loaded.errors == [])
    #expect(loaded.configuration.map(good.holds) == true)
  }

  @Test(arguments: [
    ("8081", [8081]), ("8081,8082", [8081, 8082]), ("8081 - 8083", [8081, 8082, 8083]),
    ("9000, 8081-8082, 7000", [9000, 8081, 8082, 7000]), ("65535", [65535]),
  ])
  func `ports are numbers and ranges, in their order`(_ text: String, _ ports: [UInt16]) {
    let loaded = Loaded("[lbd]\nports = \(text)")
    #expect(loaded.configuration?.ports == ports)
    #expect(loaded.configuration?.replicas.map(\.name) == ports.map { "\($0)" })
  }

  @Test(arguments: [
    ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("[::]", "::1"), ("10.1.2.3", "10.1.2.3"),
    ("LocalHost", "localhost"),
  ])
  func `the replicas of ports are where lbd is, at the loopback of a wildcard`(
    _ host: String, _ expected: String
  ) {
    let loaded = Loaded("[lbd]\nhost = \(host)\nports = 8081")
    #expect(loaded.configuration?.replicas.map(\.address) == [.host(expected, port: 8081)])
  }

  @Test(arguments: [
    "app.internal:9000", "10.0.0.1:80", "[::1]:80", "[2001:db8::7]:65535", "unix:/run/a.sock",
    "[::ffff:0:1]:1",
  ])
  func `an address reads back as it is described`(_ text: String) {
    #expect(ReplicaAddress(text)?.description == text)
  }

  @Test(arguments: [
    ("::", "::"), ("1::", "1::"), ("::1", "::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
    ("::ffff:1.2.3.4", "::ffff:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
  ])
  func `an IPv6 address has one spelling`(_ text: String, _ spelling: String) {
    #expect(Loaded("[lbd]\nhost = \(text)\nports = 1").configuration?.host == spelling)
  }

  @Test func `a byte order mark and an end without a line end are taken`() {
    var files = MemoryFiles([:])
    files.contents["etc/lb.conf"] = [0xEF, 0xBB, 0xBF] + Array("[lbd]\r\nports = 8081".utf8)
    #expect(Loaded(files: files).configuration?.ports == [8081])
  }
}
