// The confs that lbd is given: right ones, whose values lie within what the fuzzer counts on, and wild ones,
// which are any change of them.

/// Makes confs.
struct Conf {
  let scene: Scene
  /// Replicas by name, with their addresses.
  let replicas: [(name: String, address: String)]
  /// A port at which nobody listens.
  let deadPort: UInt16

  /// What a start alone can change.
  struct Fixed {
    var header = "16k"
    var connections = 400
    /// Not changed: what lbd holds depends on it.
    static let workers = 3
  }

  private func start(port: Int) -> String {
    """
    [lbd]
    host = 127.0.0.1
    main_port = \(scene.ports[port])
    control = \(scene.socketPath)
    workers = \(Fixed.workers)

    """
  }

  private func limits(_ fixed: Fixed) -> String {
    "[limits]\nheader = \(fixed.header)\nconnections = \(fixed.connections)\n"
  }

  /// Seconds until a former lbd cuts what is in flight, by each right conf.
  static let drain = 6
  private static let trusted = "127.0.\(Scene.trustedNetwork).0/24, ::1"

  private var sections: String {
    replicas.map { "[replica \($0.name)]\naddress = \($0.address)\n" }.joined()
  }

  /// The conf at the beginning and the end of a round: nothing is short, and all replicas come back soon.
  func quiet(_ fixed: Fixed) -> String {
    """
    \(start(port: 0) + limits(fixed))
    [health]
    path = /health
    interval = 200ms
    fast_interval = 50ms
    timeout = 5s
    [timeouts]
    drain = \(Conf.drain)s
    [forward]
    trusted_proxies = \(Conf.trusted)
    [log]
    access = \(scene.accessPath)
    [metrics]
    listen = 127.0.0.1:\(scene.metricsPort)
    \(sections)
    """
  }

  /// One replica that is not there and that nobody asks: lbd holds nothing but what is its own.
  func empty(_ fixed: Fixed) -> String {
    """
    \(start(port: 0) + limits(fixed))
    [health]
    check = off
    [log]
    access = \(scene.accessPath)
    [metrics]
    listen = 127.0.0.1:\(scene.metricsPort)
    [replica dead]
    address = 127.0.0.1:\(deadPort)

    """
  }

  /// A right conf: any of the values by which a well-behaved client is served.
  func mild(_ fixed: Fixed, port: Int, _ random: inout Seeded) -> String {
    func line(_ key: String, _ values: [String]) -> String {
      random.chance(60) ? "\(key) = \(random.pick(values))\n" : ""
    }
    var text = start(port: port) + line("docs", ["on", "off", "full"])
    text += line("half_close", ["on", "off"])
    text += "[health]\npath = /health\ninterval = 300ms\nfast_interval = 50ms\n"
    text += line("timeout", ["300ms", "1s", "5s"]) + line("method", ["GET", "HEAD", "OPTIONS"])
    text += line("rise", ["1", "2", "5"]) + line("fall", ["1", "2", "5"])
    text += line("failures", ["0", "1", "5", "50"]) + line("ejection", ["50ms", "1s", "60s"])
    text +=
      line("check", ["http", "http", "tcp", "off"]) + line("expect", ["200", "200-499", "100-599"])
    text += line("jitter", ["0%", "10%", "50%"])
    text += "[timeouts]\nresponse = \(random.number(2...6))s\nidle = \(random.number(8...12))s\n"
    text += "client_header = \(random.number(3...6))s\ndrain = \(Conf.drain)s\n"
    text += line("connect", ["200ms", "1s", "5s"]) + line("client_idle", ["1s", "3s", "60s"])
    text += line("tunnel_idle", ["1s", "1h"])
    text +=
      "[retry]\n" + line("attempts", ["0", "1", "2", "10"]) + line("budget", ["0%", "20%", "100%"])
    text += line("statuses", ["none", "502-504", "500-599"])
    text +=
      "[hold]\n" + line("timeout", ["off", "50ms", "2s"]) + line("queue", ["1", "16", "1024"])
    text += limits(fixed) + line("body", ["unlimited", "1k", "100k"])
    text += line("fields", ["20", "100", "1000"]) + line("max_connections", ["off", "20"])
    text += line("body_rate", ["0", "500", "1m"]) + line("resting", ["0", "1", "64"])
    text += line("replica_connections", ["unlimited", "3", "50"])
    text += "[forward]\n" + line("forwarded", ["on", "off"]) + line("via", ["on", "off"])
    text += line("drop", ["none", "X-Client-IP, X-Original-URL", "Cookie, X-Long"])
    text += "trusted_proxies = \(Conf.trusted)\n"
    text += "[log]\naccess = \(random.chance(80) ? scene.accessPath : "off")\n"
    text += line("level", ["info", "debug", "warning"]) + line("format", ["json", "text", "auto"])
    if random.chance(80) { text += "[metrics]\nlisten = 127.0.0.1:\(scene.metricsPort)\n" }
    return text + members(&random)
  }

  /// Each replica, now and then not, with a weight and a limit.
  private func members(_ random: inout Seeded) -> String {
    let chosen = replicas.filter { _ in random.chance(90) }
    return (chosen.isEmpty ? replicas : chosen).map { replica in
      var text = "[replica \(replica.name)]\naddress = \(replica.address)\n"
      if random.chance(40) { text += "weight = \(random.pick([1, 100, 256]))\n" }
      if random.chance(30) { text += "max_requests = \(random.pick([1, 2, 8, 100]))\n" }
      return text
    }.joined()
  }

  // MARK: Wild ones

  /// Any change of a right conf: in its bytes, its lines or its values.
  func wild(_ fixed: Fixed, _ random: inout Seeded) -> [UInt8] {
    var text = mild(fixed, port: scene.portIndex, &random)
    if random.chance(60) { text = otherValues(text, random.number(1...4), &random) }
    var bytes = Array(text.utf8)
    if random.chance(50) {
      Mutation.apply(to: &bytes, times: random.number(1...6), words: Conf.words, &random)
    }
    if random.chance(2) { bytes = random.noise(3000) }
    return bytes
  }

  private func otherValues(_ text: String, _ times: Int, _ random: inout Seeded) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<times {
      let index = random.number(0...lines.count - 1)
      guard let sign = lines[index].firstIndex(of: "=") else { continue }
      lines[index] = "\(lines[index][...sign]) \(random.pick(Conf.values))"
    }
    return lines.joined(separator: "\n")
  }

  private static let values = [
    "0", "1", "-1", "00", "256", "257", "65535", "65536", "4294967296", "99999999999999999999",
    "0s", "1ms",
    "1us", "0.5s", "24h", "25h", "1e9s", "9223372036854775807ms", "1k", "1g", "16777216t", "0%",
    "100%",
    "101%", "on", "off", "auto", "none", "unlimited", "yes", "\"", "''", "", "${X}", "${X:-1}",
    "${", "$",
    "100-99", "200-", "0-999", "100-599, 200", "GET", "tcp", "v1", "v2", "round_robin",
    "127.0.0.0/8",
    "127.0.0.0/33", "::/0", "0.0.0.0/0, ::/0", "/", "//", "\u{E9}\u{202E}", "127.0.0.1:0",
    "[::1]:1",
    String(repeating: "1", count: 5000), String(repeating: "x,", count: 2000),
  ]

  private static let words =
    [
      "\n", "\r\n", "\0", "[", "]", "[lbd]\n", "[replica x]\n", "[replica ]\n", "[replica a b]\n",
      "=", " = ",
      "#", ";", "\\\n", "${HOME}", "${PATH:-", "include = *.conf\n", "include = lb.conf\n",
      "ports = 1-65535\n",
      "ports = 9-8\n", "weight = 1\n", "address = unix:/\n", "\u{FEFF}", "\u{C3}",
    ] + values.prefix(40)

  /// Whether `lbd -T` shows a conf that touches nothing outside of this run: no other address, no other file.
  func isHarmless(_ effective: String) -> Bool {
    for line in effective.split(separator: "\n") {
      guard let sign = line.firstIndex(of: "=") else { continue }
      let key = line[..<sign].filter { !$0.isWhitespace }
      let value = line[line.index(after: sign)...].drop { $0 == " " }
      guard isHarmless(key, value) else { return false }
    }
    return true
  }

  private func isHarmless(_ key: String, _ value: Substring) -> Bool {
    let dead = "127.0.0.1:\(deadPort)"
    func begins(_ starts: String...) -> Bool { starts.contains { value.hasPrefix($0) } }
    let isOwnPath = !value.contains("..")
    return switch key {
    // The first is the listener's, the second what probes state.
    case "host": begins("127.0.0.1 ", "auto ")
    case "main_port": scene.ports.contains { value.hasPrefix("\($0) ") }
    case "control": begins(scene.socketPath + " ")
    // Other servers of this machine are no part of this.
    case "address": (replicas.map(\.address) + [dead]).contains { value.hasPrefix("\($0) ") }
    case "ports": false
    case "port": begins("auto ", "1 ", "65535 ")
    case "listen": begins("off ", "127.0.0.1:\(scene.metricsPort) ")
    case "access": begins("off ", "\(scene.directory)/access") && isOwnPath
    case "workers", "connections": value.prefix { $0 != " " }.utf8.count < 5
    default: true
    }
  }
}
