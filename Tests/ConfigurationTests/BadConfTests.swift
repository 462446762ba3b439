// Confs with errors: what is said of each, where the caret stands, and that all come in one run.

import Configuration
import Testing

@Suite struct BadConfTests {
  @Test func `an unknown key is refused with a suggestion`() {
    let loaded = Loaded("[lbd]\nports = 1\n\n[health]\nintervall = 5s")
    #expect(
      loaded.errors == [
        """
        etc/lb.conf:5:1: error: unknown key "intervall" in [health], did you mean "interval"?
          intervall = 5s
          ^
        """
      ])
  }

  @Test func `the caret stands under the part that is wrong, behind tabs too`() {
    let loaded = Loaded("[lbd]\n\tports =\t8081, x # three")
    #expect(
      loaded.errors == [
        "etc/lb.conf:2:16: error: bad value for \"ports\" in [lbd]: \"x\" is neither a number nor "
          + "a range, write 8081, 8082 or 8081-8083\n"
          + "  \tports =\t8081, x # three\n  \t       \t      ^"
      ])
  }

  @Test func `all errors are reported in one run, in order`() {
    let text = """
      stray = 1
      [lbd]
      main_port = 0
      [helth]
      path = x
      [health]
      interval = 5
      interval = 6
      nonsense
      [lbd]
      docs = maybe
      [replica r1]
      weight = 0
      """
    #expect(
      Loaded(text).errors.map { $0.split(separator: ":")[1] } == [
        "1", "3", "4", "5", "7", "8", "9", "10", "11", "12", "13",
      ])
  }

  @Test(arguments: [
    ("[helth]\nx = 1", "3:2: unknown section [helth], did you mean \"health\"?"),
    (
      "[zebra]",
      "3:2: unknown section [zebra], the sections are lbd, balance, health, "
        + "timeouts, retry, hold, limits, forward, log, metrics, replica"
    ),
    ("[health", "3:8: a section without its closing bracket, write [name]"),
    ("[a b c]", "3:1: a section has one or two words, write [health] or [replica r4]"),
    ("[]", "3:1: a section has one or two words, write [health] or [replica r4]"),
    ("[health] path = /", "3:10: text behind a section, put it on a line of its own"),
    ("[health api]", "3:9: [health] takes no name, write [health]"),
    ("[replica]", "3:2: [replica] has no name, write [replica r1]"),
    (
      "[replica a/b]",
      "3:10: \"a/b\" is no name, write up to 64 ASCII letters, digits, \".\", "
        + "\"_\" or \"-\""
    ),
    ("[lbd]", "3:2: [lbd] again, it began at etc/lb.conf:1: merge the two"),
    ("ports = 9", "3:1: \"ports\" again, it was set at etc/lb.conf:2: remove one"),
    ("words", "3:1: \"words\" is neither a [section] nor a key, write key = value"),
    ("= 5", "3:1: a value without a key, write key = value"),
    ("docs =  ; none", "3:7: \"docs\" has no value, write one or remove the line"),
    ("interval = 5s", "3:1: unknown key \"interval\" in [lbd], it belongs in [health]"),
    ("address = a:1", "3:1: unknown key \"address\" in [lbd], it belongs in [replica NAME]"),
    (
      "[retry]\nwindow = 1s",
      "4:1: unknown key \"window\" in [retry], its keys are attempts, budget, statuses"
    ),
    (
      "[health]\ninclude = x",
      "4:1: include stands in [health], move it to [lbd] or above the "
        + "first section"
    ),
  ])
  func `the structure is refused`(_ text: String, _ head: String) {
    #expect(Loaded.beside(text).heads == [head])
  }

  @Test(arguments: [
    ("[health]\ninterval = 5", "5 has no unit, write 5s or 5ms"),
    ("[health]\ninterval = 5d", "\"5d\" is not in ms, s, m or h, write 5s or 250ms"),
    ("[health]\ninterval = 1.5s", "\"1.5s\" is not in ms, s, m or h, write 1500ms"),
    ("[health]\ninterval = -1s", "\"-1s\" is not a duration, write 5s or 250ms"),
    ("[health]\ninterval = 0s", "0s is out of bounds, write 10ms to 1h"),
    ("[health]\ninterval = 9ms", "9ms is out of bounds, write 10ms to 1h"),
    ("[health]\ninterval = 3601s", "3601s is out of bounds, write 10ms to 1h"),
    (
      "[health]\ninterval = 999999999999999999h",
      "999999999999999999h is out of bounds, write 10ms to 1h"
    ),
    ("[health]\ncheck = htp", "\"htp\" is no such word, did you mean \"http\"?"),
    ("[health]\ncheck = zzzzzz", "\"zzzzzz\" is no such word, write one of http, tcp, off"),
    ("[health]\npath = health", "\"health\" has no /, write path = /health"),
    ("[health]\npath = /a b", "a path has no spaces, write %20 for one that is meant"),
    ("[health]\nmethod = get", "\"get\" has small letters, write method = GET"),
    ("[health]\nmethod = POST", "\"POST\" is no such word, write one of GET, HEAD, OPTIONS"),
    ("[health]\nport = 0", "0 is out of bounds, write 1 to 65535, or auto"),
    ("[health]\nport = 65536", "65536 is out of bounds, write 1 to 65535, or auto"),
    (
      "[health]\nhost = a b",
      "\"a b\" is not a host, write an address or a name in ASCII letters, or auto"
    ),
    (
      "[health]\nhost = a:99999",
      "\"99999\" is not a port, write host:port with a port from 1 to 65535, or auto"
    ),
    ("[health]\nhost = ::1", "an IPv6 address stands in brackets, write [::1], or auto"),
    (
      "[health]\nhost = a@b",
      "\"a@b\" is not a host, write an address or a name in ASCII letters, or auto"
    ),
    (
      "[health]\nbody = \(String(repeating: "x", count: 257))",
      "a text to look for has at most 256 plain bytes, write a part of it, or none"
    ),
    ("[health]\nfailures = -1", "\"-1\" is not a whole number, write 0 to 1000"),
    ("[health]\nfailures = 1001", "1001 is out of bounds, write 0 to 1000"),
    ("[health]\nejection = 61s", "61s is out of bounds, write 10ms to 60s"),
    ("[health]\nexpect = 399-200", "399-200 runs backwards, write 200-399"),
    ("[health]\nexpect = 99", "99 is out of bounds, write 100 to 599"),
    ("[health]\nrise = 0", "0 is out of bounds, write 1 to 100"),
    ("[health]\njitter = 10", "\"10\" has no %, write jitter = 10%"),
    ("[health]\njitter = 51%", "51% is out of bounds, write 0% to 50%"),
    ("[retry]\nbudget = 20", "\"20\" has no %, write budget = 20%"),
    ("[retry]\nstatuses = 200-299", "200-299 is out of bounds, write 400 to 599, or none"),
    ("[hold]\ntimeout = 6m", "6m is out of bounds, write 10ms to 5m, or off"),
    ("[hold]\nqueue = 0", "0 is out of bounds, write 1 to 1000000"),
    ("[retry]\nattempts = 11", "11 is out of bounds, write 0 to 10"),
    (
      "[forward]\ntrusted_proxies = 10.0.0.1, app",
      "\"app\" is not an IP address, write 10.0.0.1, 10.0.0.0/8 or ::1, or none"
    ),
    (
      "[forward]\ntrusted_proxies = 10.0.0.1,",
      "\"10.0.0.1,\" ends with a comma, write trusted_proxies = 10.0.0.1"
    ),
    (
      "[forward]\ntrusted_proxies = 10.0.0.0/33",
      "\"33\" is not a count of bits, write 0 to 32, or none"
    ),
    (
      "[forward]\ntrusted_proxies = ::1/x",
      "\"x\" is not a count of bits, write 0 to 128, or none"
    ),
    (
      "[forward]\ndrop = X-A, Host",
      "Host says how a message or its connection is to be read, remove it here, or none"
    ),
    (
      "[forward]\ndrop = transfer_encoding",
      "transfer_encoding says how a message or its connection is to be read, remove it here, or none"
    ),
    (
      "[forward]\ndrop = X-Forwarded-For",
      "a client's own X-Forwarded-For never passes, remove it here, or none"
    ),
    ("[forward]\ndrop = Proxy", "a client's own Proxy never passes, remove it here, or none"),
    (
      "[forward]\ndrop = Via",
      "Via ends loops: write via = off to state none, remove it here, or none"
    ),
    (
      "[forward]\ndrop = X-A,",
      "\"X-A,\" ends with a comma, write drop = X-A"
    ),
    (
      "[forward]\ndrop = X-Internal-*",
      "\"X-Internal-*\" is no field's whole name, write one such as X-Client-IP, or none"
    ),
    ("[forward]\ndrop = X-A, x_a", "x_a stands here twice, write it once, or none"),
    (
      "[forward]\ndrop = \((1...33).map { "n\($0)" }.joined(separator: ", "))",
      "32 names at most, remove some, or none"
    ),
    (
      "[forward]\ndrop = \(String(repeating: "n", count: 65))",
      "\"\(String(repeating: "n", count: 64))…\" is longer than 64 bytes, name another field, or none"
    ),
    (
      "[forward]\nproxy_protocol_in = on",
      "\"on\" is no such word, write one of optional, required"
    ),
    ("[timeouts]\ntunnel_idle = 25h", "25h is out of bounds, write 10ms to 24h"),
    ("[limits]\nfields = 19", "19 is out of bounds, write 20 to 1000"),
    ("[limits]\nfields = 1001", "1001 is out of bounds, write 20 to 1000"),
    ("[forward]\nproxy_protocol = v3", "\"v3\" is no such word, did you mean \"v1\"?"),
    ("[retry]\nattempts = two", "\"two\" is not a whole number, write 0 to 10"),
    ("[limits]\nheader = 65k", "65k is out of bounds, write 1k to 64k"),
    ("[limits]\nheader = 1kb", "\"1kb\" is not a size, write 1k"),
    ("[limits]\nbody = 99999999t", "99999999t is out of bounds, write 1 to 1t, or unlimited"),
    ("[limits]\nbody = 0", "0 is out of bounds, write 1 to 1t, or unlimited"),
    ("[limits]\nbody = -1", "\"-1\" is out of bounds, write body = unlimited"),
    (
      "[limits]\nconnections = all",
      "\"all\" is not a whole number, write 1 to 10000000, or auto"
    ),
    (
      "[metrics]\nlisten = 9090",
      "\"9090\" has no host, write listen = 127.0.0.1:9090"
    ),
    (
      "[metrics]\nlisten = app.internal:9090",
      "\"app.internal\" is a name, write an address such as 127.0.0.1:9090, or off"
    ),
    ("[metrics]\nlisten = on", "\"on\" is no address, write listen = 127.0.0.1:9090"),
    ("[log]\naccess = on", "\"on\" is no path, write access = stdout or access = ./access.log"),
    ("[log]\naccess = here", "\"here\" is no path, write off, stdout or ./here"),
    ("[log]\naccess = /var/log/", "\"/var/log/\" is a directory, name a file in it"),
    ("[log]\naccess = /\(String(repeating: "x", count: 4095))", "a path holds at most 4095 bytes"),
    ("[balance]\nalgorithm = zebra", "only \"round_robin\" is accepted today, write round_robin"),
    ("docs = maybe", "\"maybe\" is no such word, write one of off, on, full"),
    ("docs = fulll", "\"fulll\" is no such word, did you mean \"full\"?"),
    ("[forward]\nforwarded = maybe", "\"maybe\" is neither, write on or off"),
    ("main_port = 65536", "65536 is out of bounds, write 1 to 65535"),
    ("host = *", "\"*\" is not an address, write 0.0.0.0 or ::"),
    ("host = 127.0.0.1:80", "\"127.0.0.1:80\" has a port, leave it to main_port"),
    ("host = [::1]:80", "\"[::1]:80\" has a port, leave it to main_port"),
    ("host = 0.0.0.0:80", "\"0.0.0.0:80\" has a port, leave it to main_port"),
    ("host = 127.1", "\"127.1\" is not an IPv4 address, write one such as 127.0.0.1"),
    ("host = 1.2.3.04", "\"1.2.3.04\" is not an IPv4 address, write one such as 127.0.0.1"),
    ("host = 1::2::3", "\"1::2::3\" is not an IPv6 address, write one such as ::1"),
    ("host = ::-0", "\"::-0\" is not an IPv6 address, write one such as ::1"),
    ("host = bü", "\"bü\" is not a host, write an address or a name in ASCII letters"),
    ("[replica a]\naddress = a:1\nweight = 0", "0 is out of bounds, write 1 to 256"),
    ("[replica a]\naddress = app", "\"app\" has no port, write app:9000 or unix:/path"),
    (
      "[replica a]\naddress = a:0",
      "\"0\" is not a port, write host:port with a port from 1 to 65535"
    ),
    ("[replica a]\naddress = ::1:80", "an IPv6 address stands in brackets, write [::1]:port"),
    (
      "[replica a]\naddress = 0.0.0.0:80",
      "0.0.0.0 is not an address to connect to, write 127.0.0.1 or the host's own"
    ),
    ("[replica a]\naddress = unix:x", "\"x\" is not an absolute path, write unix:/path"),
  ])
  func `a value is refused with what to write`(_ text: String, _ why: String) {
    let heads = Loaded.beside(text).heads
    #expect(heads.count == 1)
    #expect(heads.first?.hasSuffix("]: \(why)") == true, "\(heads)")
  }

  @Test(arguments: [
    (
      "[lbd]\nports = 1\n[forward]\nproxy_protocol_in = required",
      [
        "4:21: nobody could connect: name the proxies before lbd in trusted_proxies, such as "
          + "10.0.0.0/8"
      ]
    ),
    (
      "[lbd]\nports = 8081, 8081",
      [
        "2:15: bad value for \"ports\" in [lbd]: 8081 stands here "
          + "twice, write it once"
      ]
    ),
    (
      "[lbd]\nports = 8083-8081",
      [
        "2:9: bad value for \"ports\" in [lbd]: 8083-8081 runs "
          + "backwards, write 8081-8083"
      ]
    ),
    (
      "[lbd]\nports = 8080",
      [
        "2:9: 8080 is main_port, lbd would be its own replica: choose "
          + "another port"
      ]
    ),
    (
      "[lbd]\nhost = 0.0.0.0\nports = 1\n[replica a]\naddress = localhost:8080",
      ["5:11: 8080 is main_port, lbd would be its own replica: choose another port"]
    ),
    (
      "[lbd]\nports = 8081\n[replica 8081]\naddress = a:1",
      ["3:2: replica \"8081\" again, ports names it at etc/lb.conf:2: choose another name"]
    ),
    (
      "[lbd]\nports = 8081\n[replica a]\naddress = 127.0.0.1:8081",
      ["4:11: 127.0.0.1:8081 is replica \"8081\" already, remove one"]
    ),
    (
      "[replica a]\naddress = [::1]:9\n[replica b]\naddress = [0::1]:9",
      ["4:11: [::1]:9 is replica \"a\" already, remove one"]
    ),
    (
      "[replica a]\naddress = a:1\n[replica a]\naddress = b:1",
      [
        "3:2: [replica a] again, it began at etc/lb.conf:1: merge the two",
        "4:1: \"address\" again, it was set at etc/lb.conf:2: remove one",
      ]
    ),
    (
      "[replica a]",
      ["1:2: [replica a] has no address, add address = host:port, [v6]:port or unix:/path"]
    ),
    ("[lbd]\nports = 1-1100", ["1:2: 1100 replicas, name at most 1024"]),
    (
      "[lbd]",
      [
        "1:2: no replica, add ports = 8081, 8082 to [lbd] or a section [replica NAME] "
          + "with an address"
      ]
    ),
    (
      "",
      [
        "no replica, add ports = 8081, 8082 to [lbd] or a section "
          + "[replica NAME] with an address"
      ]
    ),
    ("ports = 8081", ["1:1: \"ports\" stands before any section, write [lbd] above it"]),
    ("interval = 1s", ["1:1: \"interval\" stands before any section, write [health] above it"]),
    ("[lbd]\nprots = 8081", ["2:1: unknown key \"prots\" in [lbd], did you mean \"ports\"?"]),
  ])
  func `the replicas are refused`(_ text: String, _ heads: [String]) {
    #expect(Loaded(text).heads == heads)
  }

  @Test(arguments: [
    "app", "app:", ":80", "[app]:80", "[1.2.3.4]:80", "::1:80", "[::1]", "[1:2:3:4:5:6:7::8]:80",
    "[::1%eth0]:80", "a b:80", "-a:80", "a..b:80", "app:+80", "unix:", "unix:run/a", "",
    "[]:80", "unix:/" + String(repeating: "x", count: 107),
  ])
  func `text that is no address makes none`(_ text: String) {
    #expect(ReplicaAddress(text) == nil)
  }

  @Test func `a body is not looked for in the answer to a HEAD`() {
    #expect(
      Loaded.beside("[health]\nbody = ok\nmethod = HEAD").heads
        == ["4:8: the answer to HEAD has no body: write method = GET, or body = none"])
  }

  @Test(arguments: ["a\r\nX: y", "a\u{7F}", "a\u{0}", "a\tb", "ä.example", "a/b", "a?b", "a,b", ""])
  func `no host of a probe's can be more than a host`(_ host: String) {
    for conf in ["host = \(host)", "host = ${HOST}"] {
      let conf = "[lbd]\nports = 1\n[health]\n\(conf)"
      #expect(Loaded(conf, environment: ["HOST": host]).configuration == nil)
    }
  }

  @Test func `a refused main port is not also a clash`() {
    let heads = Loaded("[lbd]\nmain_port = x\nports = 8080").heads
    #expect(heads.count == 1 && heads[0].hasPrefix("2:13: "))
  }

  @Test func `names and socket paths have a length`() {
    let path = "/" + String(repeating: "x", count: 106)
    #expect(ReplicaAddress("unix:" + path) == .unix(path))
    #expect(Loaded("[lbd]\nports = 1\ncontrol = \(path)").errors == [])
    #expect(Loaded("[lbd]\nports = 1\ncontrol = \(path)x").errors.count == 1)
    #expect(ReplicaConfiguration.isName(String(repeating: "x", count: 64)))
    #expect(!ReplicaConfiguration.isName(String(repeating: "x", count: 65)))
    #expect(!ReplicaConfiguration.isName(""))
  }

  @Test func `letters that changed places, twice too, are a near miss`() {
    #expect(
      Loaded.beside("[limits]\nheda = 1k").heads.first?.hasPrefix(
        "4:1: unknown key \"heda\" in [limits], its keys are header, fields, body, connections")
        == true)
    #expect(
      Loaded.beside("[health]\npaht = /").heads == [
        "4:1: unknown key \"paht\" in [health], did you mean \"path\"?"
      ])
    #expect(
      Loaded.beside("[health]\napht = /").heads == [
        "4:1: unknown key \"apht\" in [health], did you mean \"path\"?"
      ])
  }

  @Test func `a file that cannot be read is refused by name`() {
    #expect(
      Loaded(files: MemoryFiles([:])).errors == [
        "etc/lb.conf: error: no such file, name a file that can be read"
      ])
  }

  @Test func `a file of more than a mebibyte is refused unread`() {
    let start = "[lbd]\nports = 8081\n"
    let comment = String(repeating: "#", count: (1 << 20) - start.utf8.count)
    #expect(Loaded(start + comment).errors == [])
    #expect(
      Loaded(start + comment + "#").errors == [
        "etc/lb.conf: error: larger than 1 MiB, a conf is not: check the path"
      ])
  }
}
