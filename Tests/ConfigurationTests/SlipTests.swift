// What people write who come from elsewhere: each slip has its hint, and no hint makes it worse.

import Foundation
import Testing

@testable import Configuration

@Suite struct SlipTests {
  /// Loads each thing that a hint says to write.
  private func expectRight(_ hint: String, in home: String) {
    for alternative in hint.components(separatedBy: " or ") {
      let settings = alternative.matches(of: /([a-z_]+) = (\S+(?:, [0-9f:]\S*)*)/).map { match in
        "\(match.1) = \(match.2.trimmingCharacters(in: [",", ";", ":"]))"
      }
      guard !settings.isEmpty, !hint.hasSuffix("${VAR}"), !hint.contains("key = value") else {
        continue
      }
      let section = alternative.firstMatch(of: /in \[([^\]]+)\]/).map { String($0.1) } ?? home
      var conf = "[\(section)]\n" + settings.joined(separator: "\n") + "\n"
      let hasReplica = settings.contains { $0.hasPrefix("ports") || $0.hasPrefix("address") }
      if !hasReplica {
        conf += section == "replica NAME" ? "address = x:1\n" : "[replica x]\naddress = x:1\n"
      }
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
          let head = Loaded("[\(title)]\n\(word) = 1").heads.first { $0.hasPrefix("2:1: unknown") }
          isReached = isReached || head?.hasSuffix(", \(row.hint)") == true
          // No word gets a hint that leads nowhere.
          if let head { #expect(!head.contains("did you mean \"\(word)\""), "\(head)") }
        }
      }
      #expect(isReached, "no word of the row \"\(row.words)\" leads to it")
      expectRight(row.hint, in: "lbd")
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
    ("[lbd]\ntimeout = 1s", "write response = 30s and idle = 60s in [timeouts]"),
    ("[lbd]\nlbd.host = a", "write host below [lbd] or [health]"),
    ("[health]\nset rise = 1", "write rise below [health]"),
    ("[replica.r1]\nx = 1", "write [replica r1]"), ("[replica:r1]\nx = 1", "write [replica r1]"),
    ("[replica \"r1\"]", "has quotes, write [replica r1]"),
    ("include = \"conf.d/*.conf\"", "has quotes, write the path without them"),
    ("[health.http]", "write [health]"), ("[Health]", "write [health]"),
    ("[[replica]]", "write [replica r1], and another name for each"),
    ("port = 80", "write host = 0.0.0.0 and main_port = 8080 in [lbd]"),
    ("[lbd]\nhost: 0.0.0.0", "there is no =, write host = 0.0.0.0"),
    ("[lbd]\nmain_port 80;", "there is no =, write main_port = 80"),
    ("[lbd]\nlisten 80;", "write host = 0.0.0.0 and main_port = 8080 in [lbd]"),
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
