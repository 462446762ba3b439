// What people write who come from elsewhere: each slip has its hint, and no hint makes it worse.

import Foundation
import Testing

@testable import Configuration

@Suite struct SlipTests {
  /// Loads each thing that a hint says to write.
  private func expectRight(_ hint: String, in home: String) {
    for alternative in hint.components(separatedBy: " or ") {
      guard !hint.hasSuffix("${VAR}"), !hint.contains("key = value") else { continue }
      // What stands before "in [SECTION]" belongs there.
      let parts = alternative.components(separatedBy: " in [")
      var (conf, hasReplica) = ("", false)
      for (index, part) in parts.enumerated() {
        let settings = part.matches(of: /([a-z_]+) = (\S+(?:, [0-9f:]\S*)*)/).map { match in
          "\(match.1) = \(match.2.trimmingCharacters(in: [",", ";", ":"]))"
        }
        guard !settings.isEmpty else { continue }
        let isLast = index + 1 == parts.count
        let section = isLast ? home : String(parts[index + 1].prefix { $0 != "]" })
        let isReplica = section == "replica NAME"
        conf += "[\(section)]\n" + settings.joined(separator: "\n") + "\n"
        hasReplica =
          hasReplica || isReplica || settings.contains { $0.hasPrefix("ports") }
        if isReplica, !settings.contains(where: { $0.hasPrefix("address") }) {
          conf += "address = x:1\n"
        }
      }
      if conf.isEmpty { continue }
      if !hasReplica { conf += "[replica x]\naddress = x:1\n" }
      #expect(Loaded(conf).errors == [], "\(hint): \(conf)")
    }
  }

  @Test func `the table has at least sixty rows`() {
    let rows = Slips.keys.count + Slips.sections.count + Slips.values.count + Slips.lines.count
    #expect(rows >= 60)
  }

  @Test func `each key of the table gets its hint, and what that says to write loads`() {
    let kinds = Schema.sections.map(\.kind) + ["replica NAME"]
    for row in Slips.keys {
      let sections =
        row.sections == "*" ? kinds : row.sections.split(separator: " ").map { String($0) }
      var isReached = false
      for word in row.words.split(separator: " ") {
        for section in sections {
          let title = section == "replica" ? "replica NAME" : section
          // A value that no key but a text accepts: the hint is the row's own.
          let head = Loaded("[\(title)]\n\(word) = ?").heads.first { $0.hasPrefix("2:1: unknown") }
          let hint = Slips.carrying("?", in: row.hint)
          isReached = isReached || head?.hasSuffix(", \(hint)") == true
          // No word gets a hint that leads nowhere.
          if let head { #expect(!head.contains("did you mean \"\(word)\""), "\(head)") }
        }
      }
      #expect(isReached, "no word of the row \"\(row.words)\" leads to it")
      expectRight(row.hint, in: "lbd")
      for value in ["1", "5s", "8k", "/x", "app.internal:80", "10.0.0.1", "on", "off", "a b"] {
        expectRight(Slips.carrying(value, in: row.hint), in: "lbd")
      }
    }
  }

  @Test func `no word stands in a row that it never reaches`() {
    let kinds = Schema.sections.map(\.kind) + ["replica"]
    for (index, row) in Slips.keys.enumerated() {
      let sections =
        row.sections == "*" ? kinds : row.sections.split(separator: " ").map { String($0) }
      for word in row.words.split(separator: " ") {
        let isKey = sections.allSatisfy { section in
          Schema.sections.contains { $0.kind == section && $0[String(word)] != nil }
            || section == "replica" && Schema.replica[String(word)] != nil
        }
        #expect(!isKey, "\(word) is a key wherever row \(index) is for")
        let isFirst = sections.contains { Slips.hint(key: String(word), in: $0) == row.hint }
        #expect(isFirst, "\(word) of row \(index) (\(row.hint))")
      }
    }
  }

  @Test func `each section of the table gets its hint, and what that says to write loads`() {
    for row in Slips.sections {
      for word in row.words.split(separator: " ") {
        for title in ["[\(word)]", "[\(word.uppercased())]", "[\(word) x]"] {
          let head = Loaded(title).heads.first ?? ""
          #expect(
            head.hasPrefix("1:2: unknown section ") && head.hasSuffix(", \(row.hint)"), "\(head)")
        }
      }
      expectRight(row.hint, in: "lbd")
    }
  }

  @Test func `each value of the table gets its hint, and what that says to write loads`() {
    for row in Slips.values {
      let parts = row.key.split(separator: ".").map { String($0) }
      for word in row.words.split(separator: " ") {
        let heads = Loaded("[\(parts[0])]\n\(parts[1]) = \(word)\n[replica x]\naddress = x:1").heads
        #expect(
          heads.count == 1 && heads[0].hasSuffix(" \(row.hint)"), "\(row.key) = \(word): \(heads)")
      }
      expectRight(row.hint, in: parts[0])
    }
  }

  @Test func `each line of the table gets its hint`() {
    for row in Slips.lines {
      let heads = Loaded.beside("\(row.start)x").heads
      #expect(heads.count == 1 && heads[0].hasSuffix(", \(row.hint)"), "\(row.start): \(heads)")
      expectRight(row.hint, in: "lbd")
    }
  }

  /// People keep what they wrote: a hint shows their value in the place of the table's example.
  @Test(arguments: [
    ("lbd", "retries = 3", "write attempts = 3 in [retry]"),
    ("lbd", "proxy_next_upstream_tries = 3", "write attempts = 2 in [retry]"),
    ("health", "inter = 2s", "write interval = 2s in [health]"),
    ("health", "inter = 2000", "write interval = 2000ms in [health]"),
    ("health", "uri = /x", "write path = /x in [health]"),
    ("health", "uri = http://app/x", "write path = /x in [health]"),
    ("lbd", "httpchk = GET /x HTTP/1.1", "write path = /x in [health]"),
    ("health", "health_check = on", "write path = /health in [health]"),
    ("health", "max_fails = 2", "write failures = 2 in [health]"),
    ("replica a", "fail_timeout = 10", "write ejection = 10s in [health]"),
    ("lbd", "proxy_connect_timeout = 5s", "write connect = 5s in [timeouts]"),
    ("lbd", "proxy_connect_timeout = 5", "write connect = 5s in [timeouts]"),
    ("lbd", "proxy_read_timeout = 45s", "write response = 45s and idle = 45s in [timeouts]"),
    ("timeouts", "server = 31s", "write response = 31s in [timeouts]"),
    ("timeouts", "client = 7s", "write idle = 7s in [timeouts]"),
    ("timeouts", "client_header_timeout = 7s", "write client_header = 7s in [timeouts]"),
    ("timeouts", "http_request = 7s", "write client_header = 7s in [timeouts]"),
    ("timeouts", "keepalive_timeout = 65", "write client_idle = 65s in [timeouts]"),
    ("timeouts", "queue = 3s", "write timeout = 3s in [hold]"),
    ("lbd", "lb_try_duration = 0", "write timeout = 2s in [hold]"),
    ("lbd", "client_max_body_size = 8m", "write body = 8m in [limits]"),
    ("lbd", "client_max_body_size = 8 MB", "write body = 8m in [limits]"),
    ("lbd", "worker_processes = 4", "write workers = 4 in [lbd]"),
    ("lbd", "port = 80", "write host = 0.0.0.0 and main_port = 80 in [lbd]"),
    ("lbd", "bind = 127.0.0.1:80", "write host = 127.0.0.1 and main_port = 80 in [lbd]"),
    ("lbd", "bind = *:80", "write host = 0.0.0.0 and main_port = 80 in [lbd]"),
    (
      "lbd", "max_conns = 10",
      "write max_requests = 10 in [replica NAME], or replica_connections = 10 in [limits]"
    ),
    (
      "lbd", "maxconn = 5",
      "write max_requests = 5 in [replica NAME], or replica_connections = 5 in [limits], for each "
        + "replica, or connections = 5 in [limits] for all clients"
    ),
    ("replica a", "maxconn = 5", "write max_requests = 5 in [replica NAME]"),
    ("lbd", "servers = 127.0.0.1:8101 127.0.0.1:8102", "write ports = 8101, 8102 in [lbd]"),
    ("lbd", "proxy_pass = http://app:81", "write address = app:81 in [replica NAME]"),
    ("lbd", "log_level = warn", "write level = warning in [log]"),
    ("lbd", "access_log = /var/log/a.log main", "write access = /var/log/a.log in [log]"),
    ("lbd", "metrics_port = 9100", "write listen = 127.0.0.1:9100 in [metrics]"),
    ("lbd", "metrics_path = /prom", "write listen = 127.0.0.1:9090 in [metrics]"),
    ("lbd", "api = true", "write control = run/lbd.sock in [lbd]"),
    ("lbd", "balance = roundrobin", "write algorithm = round_robin in [balance]"),
    (
      "lbd", "balance = leastconn",
      "\"leastconn\" does not exist; only round_robin is there; weight in [replica NAME] is for "
        + "stronger replicas"
    ),
    (
      "lbd", "server a 127.0.0.1:81 weight=5",
      "write [replica a] and below it address = 127.0.0.1:81"
    ),
    ("lbd", "set_real_ip_from = 10.1.0.0/16", "write trusted_proxies = 10.1.0.0/16 in [forward]"),
  ])
  func `a hint keeps the value`(_ section: String, _ line: String, _ hint: String) {
    let heads = Loaded("[\(section)]\n\(line)\n[replica z]\naddress = z:1").heads
    #expect(heads.contains { $0.hasPrefix("2:1: ") && $0.hasSuffix(", \(hint)") }, "\(heads)")
  }

  @Test(arguments: [
    ("timeout connect 5s", "write connect = 5s in [timeouts]"),
    ("timeout connect 5000", "write connect = 5000ms in [timeouts]"),
    ("timeout server 30s", "write response = 30s in [timeouts]"),
    ("timeout client 7s", "write idle = 7s in [timeouts]"),
    ("timeout http-request 7s", "write client_header = 7s in [timeouts]"),
    ("option httpchk GET /x", "write path = /x in [health]"),
    ("http-check expect status 200", "write expect = 200 in [health]"),
    ("proxy_connect_timeout 5s;", "write connect = 5s in [timeouts]"),
    ("reverse_proxy 127.0.0.1:81 127.0.0.1:82", "write ports = 81, 82 in [lbd]"),
    ("bind *:80", "write host = 0.0.0.0 and main_port = 80 in [lbd]"),
    ("listen 8000;", "write host = 0.0.0.0 and main_port = 8000 in [lbd]"),
    ("server a 127.0.0.1:1 check", "write [replica a] and below it address = 127.0.0.1:1"),
    ("server 127.0.0.1:1;", "write address = 127.0.0.1:1 in [replica NAME]"),
    ("least_conn;", "only round_robin is there; weight in [replica NAME] is for stronger replicas"),
    ("default_backend web", "there is one pool, remove it"),
    ("mode http", "lbd speaks HTTP only, remove it"),
  ])
  func `a directive without = gets its hint`(_ line: String, _ hint: String) {
    let heads = Loaded.beside(line).heads
    #expect(heads.count == 1 && heads[0].hasSuffix(", \(hint)"), "\(heads)")
  }

  @Test(arguments: ["frontend", "backend", "listen", "global", "defaults"])
  func `a block of HAProxy as a line is its section`(_ word: String) {
    let line = word == "global" || word == "defaults" ? word : "\(word) web"
    let heads = Loaded.beside(line).heads
    #expect(
      heads.count == 1 && heads[0].hasSuffix(", \(Slips.hint(section: word) ?? "-")"), "\(heads)")
  }

  @Test func `the sections of HAProxy have a hint each`() {
    let words = ["global", "defaults", "frontend", "backend", "listen"]
    #expect(Set(words.compactMap { Slips.hint(section: $0) }).count == words.count)
  }

  @Test func `a comment of another language is told, and no path has two words`() {
    let comment =
      "\"/health // comment\" has a comment that does not begin with #, write path = /health"
    #expect(
      Loaded.beside("[health]\npath = /health // comment").heads.first?.hasSuffix(comment) == true)
    let words = "a path has no spaces, write %20 for one that is meant"
    for text in ["/a /b", "/a b"] {
      #expect(Loaded.beside("[health]\npath = \(text)").heads.first?.hasSuffix(words) == true)
    }
  }

  @Test(arguments: [
    ("health", "path", "/healthz"), ("lbd", "control", "run/lbd.sock"),
    ("log", "access", "./a.log"), ("replica a", "address", "unix:/a"), ("health", "host", "app"),
  ])
  func `a semicolon ends no value`(_ section: String, _ key: String, _ value: String) {
    let heads = Loaded("[\(section)]\n\(key) = \(value);\n[replica z]\naddress = z:1").heads
    #expect(
      heads.count == 1
        && heads[0].hasSuffix("\"\(value);\" ends with a semicolon, write \(key) = \(value)"),
      "\(heads)")
  }

  @Test func `only the text that a probe looks for may end with a semicolon`() {
    #expect(Loaded.beside("[health]\nbody = ok;").configuration?.health.body == "ok;")
    #expect(
      Loaded.beside("include = a.conf;").heads.first?.hasSuffix(
        "\"a.conf;\" ends with a semicolon, write include = a.conf") == true)
  }

  @Test func `ports take no hosts, and each item is told`() {
    let own = Loaded("[lbd]\nports = 127.0.0.1:8101, 127.0.0.1:8102").heads
    #expect(own.count == 1 && own[0].hasSuffix("write ports = 8101, 8102"), "\(own)")
    let mixed = Loaded("[lbd]\nports = 127.0.0.1:8101, 10.0.0.1:8102, unix:/a").heads
    let hints = [
      "\"127.0.0.1:8101\" has a host, write 8101",
      "\"10.0.0.1:8102\" is no port alone, write address = 10.0.0.1:8102 in [replica NAME]",
      "\"unix:/a\" is no port alone, write address = unix:/a in [replica NAME]",
    ]
    #expect(mixed.count == 3 && zip(mixed, hints).allSatisfy { $0.hasSuffix($1) }, "\(mixed)")
  }

  @Test(arguments: [
    ("lbd", "workers = 0", "0 is out of bounds, write 1 to 1024, or auto"),
    ("hold", "timeout = 0", "0 is out of bounds, write 10ms to 5m, or off"),
    ("hold", "timeout = 0s", "0s is out of bounds, write 10ms to 5m, or off"),
    ("timeouts", "idle = 0", "0 is out of bounds, write 10ms to 24h"),
    ("limits", "body = 0", "0 is out of bounds, write 1 to 1t, or unlimited"),
    ("limits", "connections = 0", "0 is out of bounds, write 1 to 10000000, or auto"),
  ])
  func `a number out of bounds is a number`(_ section: String, _ line: String, _ why: String) {
    let heads = Loaded("[\(section)]\n\(line)\n[replica z]\naddress = z:1").heads
    #expect(heads.count == 1 && heads[0].hasSuffix(": \(why)"), "\(heads)")
  }

  @Test func `what has quotes is cited in them`() {
    let heads = Loaded.beside("host = \"127.0.0.1\"").heads
    #expect(
      heads == [
        "3:8: bad value for \"host\" in [lbd]: \"127.0.0.1\" has quotes, write host = 127.0.0.1"
      ])
  }

  @Test func `below a section that is refused the values are checked all the same`() {
    #expect(
      Loaded.beside("[helth]\ninterval = 5\nfoo = 1").heads.map { $0.prefix(4) } == [
        "3:2:", "4:12",
      ])
    #expect(
      Loaded.beside("[health api]\ninterval = 5\nfoo = 1").heads.map { $0.prefix(3) }
        == ["3:9", "4:1", "5:1"])
    #expect(
      Loaded.beside("[health\ninterval = 5\n[replica a/b]\nweight = x").heads.map { $0.prefix(2) }
        == ["3:", "4:", "5:", "6:"])
    // Of another program's keys none is told, but a value of a key that only one section has.
    #expect(
      Loaded.beside("[defaults]\nretries = 3\nmode = http\nmain_port = x\nnonsense").heads.map {
        $0.prefix(2)
      } == ["3:", "6:", "7:"])
  }

  /// Values with a habit of another format: what is proposed loads, and is what was meant.
  @Test(arguments: [
    ("replica x", "address", "http://app:8000", "app:8000"),
    ("replica x", "address", "HTTP://app:8000/", "app:8000"),
    ("replica x", "address", "http://app/api?x=1", "app:80"),
    ("replica x", "address", "tcp://10.0.0.1:80", "10.0.0.1:80"),
    ("replica x", "address", "http://[::1]:80", "[::1]:80"),
    ("replica x", "address", "unix//run/app.sock", "unix:/run/app.sock"),
    ("replica x", "address", "/run/app.sock", "unix:/run/app.sock"),
    ("replica x", "address", "app:8000/", "app:8000"),
    ("replica x", "address", "app:8000 weight=5 max_fails=3", "app:8000"),
    ("replica x", "address", "app:8000;", "app:8000"),
    ("replica x", "address", "\"app:8000\"", "app:8000"),
    ("replica x", "address", "\"http://app:8000\"", "app:8000"),
    ("replica x", "address", ":8000", "127.0.0.1:8000"),
    ("replica x", "address", "8000", "127.0.0.1:8000"),
    ("replica x", "address", "app 8000", "app:8000"),
    ("replica x", "address", "app:8000#one", "app:8000"),
    ("lbd", "main_port", "\"80\"", "80"),
    ("lbd", "main_port", "'80'", "80"),
    ("lbd", "main_port", ":80", "80"),
    ("lbd", "main_port", "0.0.0.0:80", "80"),
    ("lbd", "main_port", "80;", "80"),
    ("lbd", "main_port", "80,", "80"),
    ("lbd", "main_port", "80/tcp", "80"),
    ("lbd", "main_port", "= 80", "80"),
    ("lbd", "main_port", "8_080", "8080"),
    ("lbd", "ports", "127.0.0.1:8101, http://localhost:8102", "8101, 8102"),
    ("lbd", "control", "run/a.sock // comment", "run/a.sock"),
    ("log", "access", "stdout // comment", "stdout"),
    ("health", "path", "/health -- comment", "/health"),
    ("health", "path", "GET /health;", "/health"),
    ("lbd", "ports", "8091#comment", "8091"),
    ("lbd", "ports", "8091;comment", "8091"),
    ("lbd", "ports", "8091 // comment", "8091"),
    ("lbd", "ports", "[8081, 8082]", "8081, 8082"),
    ("lbd", "ports", "[\"8081\", \"8082\",]", "8081, 8082"),
    ("lbd", "ports", "\"8081\", \"8082\"", "8081, 8082"),
    ("lbd", "ports", "8081 8082", "8081, 8082"),
    ("lbd", "ports", "8081; 8082", "8081, 8082"),
    ("lbd", "ports", "8081..8083", "8081-8083"),
    ("lbd", "ports", "8081:8083", "8081-8083"),
    ("lbd", "ports", "8081\u{2013}8083", "8081-8083"),
    ("lbd", "ports", "8081, 8082, \\", "8081, 8082"),
    ("lbd", "docs", "True", "true"),
    ("lbd", "docs", "OFF", "off"),
    ("lbd", "host", "http://0.0.0.0", "0.0.0.0"),
    ("lbd", "control", "\"/run/lbd.sock\"", "/run/lbd.sock"),
    ("lbd", "control", "unix:/run/lbd.sock", "/run/lbd.sock"),
    ("lbd", "control", "unix:///run/lbd.sock", "/run/lbd.sock"),
    ("health", "path", "health", "/health"),
    ("health", "path", "http://localhost/health", "/health"),
    ("health", "path", "GET /health HTTP/1.1", "/health"),
    ("health", "path", "\"/health\"", "/health"),
    ("health", "method", "get", "GET"),
    ("health", "check", "HTTP", "http"),
    ("health", "expect", "2xx", "200-299"),
    ("health", "expect", "2xx, 301, 4XX", "200-299, 301, 400-499"),
    ("health", "expect", "200..399", "200-399"),
    ("health", "expect", "200 204", "200, 204"),
    ("health", "jitter", "10", "10%"),
    ("retry", "budget", "0.2", "20%"),
    ("retry", "budget", "0.25", "25%"),
    ("retry", "budget", "20 percent", "20%"),
    ("retry", "statuses", "5xx", "500-599"),
    ("retry", "attempts", "\"3\";", "3"),
    ("forward", "trusted_proxies", "10.0.0.0/255.0.0.0", "10.0.0.0/8"),
    ("forward", "trusted_proxies", "10.1.*", "10.1.0.0/16"),
    ("forward", "trusted_proxies", "10.0.0.1 10.0.0.2", "10.0.0.1, 10.0.0.2"),
    ("forward", "trusted_proxies", "[\"10.0.0.0/8\"]", "10.0.0.0/8"),
    ("log", "level", "INFO", "info"),
    ("log", "access", "access.log", "./access.log"),
    ("log", "access", "\"/var/log/lbd/access.log\"", "/var/log/lbd/access.log"),
    ("log", "access", "file:///var/log/a.log", "/var/log/a.log"),
    ("metrics", "listen", ":9090", "127.0.0.1:9090"),
    ("metrics", "listen", "9090", "127.0.0.1:9090"),
    ("metrics", "listen", "*:9090", "0.0.0.0:9090"),
    ("metrics", "listen", "http://127.0.0.1:9090/metrics", "127.0.0.1:9090"),
    ("metrics", "listen", "127.0.0.1:9090/metrics", "127.0.0.1:9090"),
    ("limits", "header", "16K;", "16K"),
    ("timeouts", "idle", "\"30s\"", "30s"),
  ])
  func `a habit of another format is undone`(
    _ section: String, _ key: String, _ value: String, _ expected: String
  ) {
    func conf(_ value: String) -> String {
      "[\(section)]\n\(key) = \(value)\n"
        + (key == "address" || key == "ports" ? "" : "[replica y]\naddress = y:1\n")
    }
    let heads = Loaded(conf(value)).heads
    #expect(heads.count == 1 && heads[0].hasSuffix(", write \(key) = \(expected)"), "\(heads)")
    #expect(Loaded(conf(expected)).errors == [])
  }

  @Test(arguments: [
    ("10MB", "10m"), ("10 mb", "10m"), ("1kb", "1k"), ("10MiB", "10m"), ("1.5m", "1536k"),
    ("1048576b", "1m"), ("512 bytes", "512"), ("10 megabytes", nil), ("1.0001k", nil),
    ("99999tb", nil),
  ])
  func `a size in another unit is told in lbd's`(_ text: String, _ expected: String?) {
    let heads = Loaded.beside("[limits]\nbody = \(text)").heads
    let hint = expected ?? "16k or 1m"
    #expect(
      heads == [
        "4:8: bad value for \"body\" in [limits]: \"\(text)\" is not a size, write \(hint), or unlimited"
      ])
    if let expected { #expect(Loaded.beside("[limits]\nbody = \(expected)").errors == []) }
  }

  @Test(arguments: [
    ("1.5s", "1500ms"), ("0.5s", "500ms"), ("5 seconds", "5s"), ("5sec", "5s"), ("1min", "1m"),
    ("1m30s", "90s"), ("1d", "24h"), ("500 millis", "500ms"), ("2 hrs", "2h"), ("1.0001s", nil),
    ("5 parsecs", nil), ("2d", nil), ("1h2m3s4ms5", nil),
  ])
  func `a duration in other words is told in lbd's`(_ text: String, _ expected: String?) {
    let heads = Loaded.beside("[timeouts]\nidle = \(text)").heads
    #expect(
      heads.count == 1 && heads[0].hasSuffix(", write \(expected ?? "5s or 250ms")"), "\(heads)")
    if let expected { #expect(Loaded.beside("[timeouts]\nidle = \(expected)").errors == []) }
  }

  @Test func `all items of a list are told at once, each in its place`() {
    let heads = Loaded("[lbd]\nports = 8081, x, 99999, 8082-8080, 8081, 7").heads
    #expect(
      heads.map { $0.prefix { $0 != " " } } == ["2:15:", "2:18:", "2:25:", "2:36:"], "\(heads)")
    let networks = Loaded.beside("[forward]\ntrusted_proxies = 10.0.0.0/33, app, ::1, 1.2.3").heads
    #expect(networks.count == 3 && networks.allSatisfy { $0.hasSuffix(", or none") }, "\(networks)")
    #expect(Loaded.beside("[health]\nexpect = 99, 200, abc, 700").heads.count == 3)
    let many = Loaded("[lbd]\nports = " + (0..<50).map { _ in "x" }.joined(separator: ", ")).heads
    #expect(many.count == 10 && many[9].hasSuffix("; and 40 more of this list"), "\(many)")
  }

  @Test func `overlapping ranges without end are read in no time`() {
    let ranges = String(repeating: "1-65535, ", count: 400)
    #expect(Loaded("[lbd]\nports = \(ranges)1").heads.count == 10)
  }

  @Test(arguments: [
    ("[lbd]\nmainPort = 80", "write main_port"), ("[lbd]\nMAIN-PORT = 80", "write main_port"),
    ("[lbd]\nintervall = 1s", "did you mean \"interval\" in [health]?"),
    ("[lbd]\ntimeout = 1s", "write response = 1s and idle = 1s in [timeouts]"),
    ("[lbd]\nlbd.host = a", "write host below [lbd] or [health]"),
    ("[health]\nset rise = 1", "write rise below [health]"),
    ("[replica.r1]\nx = 1", "write [replica r1]"), ("[replica:r1]\nx = 1", "write [replica r1]"),
    ("[replica \"r1\"]", "has quotes, write [replica r1]"),
    ("include = \"conf.d/*.conf\"", "has quotes, write the path without them"),
    ("[health.http]", "write [health]"), ("[Health]", "write [health]"),
    ("[[replica]]", "write [replica r1], and another name for each"),
    ("port = 80", "write host = 0.0.0.0 and main_port = 80 in [lbd]"),
    ("[lbd]\nhost: 0.0.0.0", "there is no =, write host = 0.0.0.0"),
    ("[lbd]\nmain_port 80;", "there is no =, write main_port = 80"),
    ("[lbd]\nlisten 80;", "write host = 0.0.0.0 and main_port = 80 in [lbd]"),
    ("include conf.d/*.conf;", "there is no =, write include = conf.d/*.conf"),
    ("[lbd]\n- 8081", "write ports = 8081, 8082 in [lbd]"),
    ("server {", "there are no braces, write [lbd] and below it key = value"),
    ("upstream app {", "there are no braces, write [lbd] and below it key = value"),
    ("[replica x]\naddress = https://app:443", "write host:port"),
  ])
  func `a slip leads to what there is`(_ text: String, _ hint: String) {
    let heads = Loaded("[replica z]\naddress = z:1\n").errors + Loaded(text).heads
    #expect(heads.contains { $0.hasSuffix(hint) }, "\(heads)")
  }

  @Test(arguments: ["app.svc.cluster.local.:80", "App.:80"])
  func `a name with its root's dot is a name, and keeps the dot`(_ text: String) {
    let loaded = Loaded("[replica a]\naddress = \(text)")
    #expect(loaded.errors == [])
    #expect(loaded.configuration?.replicas[0].address.description == text.lowercased())
    #expect(ReplicaAddress(text)?.description == text.lowercased())
  }

  @Test(arguments: [".:80", "..:80", "a..:80", "127.0.0.1.:80", ".a:80", "1.2.3.:80"])
  func `other dots make no name`(_ text: String) {
    #expect(ReplicaAddress(text) == nil)
  }

  @Test(arguments: ["\u{202E}", "\u{2066}", "\u{85}", "\u{200F}", "\u{2028}"])
  func `what turns letters round stands in no conf, nor in an error`(_ mark: String) {
    for text in ["[lbd]\nports = 1 # \(mark)x", "[lbd]\nports = 1\nhost = a\(mark)"] {
      let errors = Loaded(text).errors
      #expect(errors.count == 1 && errors[0].contains("invisible character"), "\(errors)")
      #expect(!errors.joined().contains(mark))
    }
  }
}
