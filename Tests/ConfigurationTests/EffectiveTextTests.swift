// What `lbd -T` prints of a conf, where the control socket comes from, and help on keys.

import Configuration
import Testing

@Suite struct EffectiveTextTests {
  private let text = """
    [lbd]
    host = [::1]
    ports = 8083, 8081-8082, 9000-9009
    control = ${DIR}/lbd.sock
    workers = 3
    [replica far]
    address = [2001:db8::1]:80
    [replica near]
    address = unix:/run/near.sock
    weight = 7
    [health]
    expect = 200, 300-399
    interval = 90s
    timeout = 120s
    [limits]
    body = 1536k
    """

  @Test func `the effective conf loads as the same configuration`() throws {
    let text = text.replacing("timeout = 120s", with: "timeout = 1500ms")
    let first = Loaded(text, environment: ["DIR": "/run"])
    #expect(first.errors == [])
    let again = Loaded(first.effective)
    #expect(again.errors == [])
    #expect(again.configuration == first.configuration)
    let third = Loaded(again.effective)
    #expect(third.configuration == first.configuration)
  }

  @Test func `the effective conf says where each value came from`() {
    let text = "[lbd]\nports = 8081-8083\n\ncontrol = ${LBD_SOCKET:-/run/lbd/lbd.sock}"
    let loaded = Loaded(text, environment: ["LBD_SOCKET": "run/lbd.sock"])
    #expect(
      loaded.effective.hasPrefix(
        """
        [lbd]
        host = 127.0.0.1        ; default
        main_port = 8080        ; default
        ports = 8081-8083       ; etc/lb.conf:2
        workers = auto          ; default
        control = run/lbd.sock  ; ${LBD_SOCKET}, etc/lb.conf:4
        half_close = off        ; default
        docs = off              ; default

        [balance]
        algorithm = round_robin  ; default

        """))
    #expect(Loaded(text).effective.contains("control = /run/lbd/lbd.sock  ; etc/lb.conf:4\n"))
  }

  @Test(arguments: ["/a ;b", "/a\nports = 9", "${X}", String(repeating: "x", count: 108)])
  func `an LBD_SOCKET that no conf could hold is refused`(_ path: String) {
    let loaded = Loaded("[lbd]\nports = 8081\n", environment: ["LBD_SOCKET": path])
    #expect(loaded.errors.count == 1)
    #expect(loaded.heads[0].hasPrefix("bad value of the variable LBD_SOCKET: "), "\(loaded.heads)")
  }

  @Test func `LBD_SOCKET says where the control socket is unless the conf does`() {
    let variable = ["LBD_SOCKET": "run/lbd.sock"]
    let loaded = Loaded("[lbd]\nports = 8081", environment: variable)
    #expect(loaded.configuration?.control == "run/lbd.sock")
    #expect(loaded.effective.contains("control = run/lbd.sock  ; ${LBD_SOCKET}\n"))
    let said = Loaded("[lbd]\nports = 8081\ncontrol = /a.sock", environment: variable)
    #expect(said.configuration?.control == "/a.sock")
  }

  @Test func `without ports the effective conf says so and still loads`() {
    let loaded = Loaded("[replica a]\naddress = a:1")
    #expect(loaded.effective.contains("; ports is not set"))
    #expect(Loaded(loaded.effective).configuration == loaded.configuration)
  }

  @Test func `a duration and a size are written in the largest unit that is whole`() {
    let conf = "[timeouts]\nidle = 120s\nresponse = 3600s\ndrain = 1500ms\nconnect = 60000ms"
    let effective = Loaded.beside(conf + "\n[limits]\nbody = 2048\nheader = 1025").effective
    for line in ["idle = 2m ", "response = 1h ", "drain = 1500ms ", "connect = 60s ", "body = 2k "]
    {
      #expect(effective.contains("\n\(line)"))
    }
    #expect(effective.contains("\nheader = 1025 "))
  }
}

@Suite struct HelpTests {
  @Test func `help on a key says its form, bounds and default`() {
    let expected = """
      [health]  how each replica is probed
        interval       from probe to probe
                       a duration, 10ms to 1h; default 1s

      """
    #expect(Configuration.help(key: "interval") == expected)
    #expect(Configuration.help(key: "health.interval") == expected)
  }

  @Test func `help on a section, on include, on nothing and on a stranger`() throws {
    #expect(Configuration.help(key: "retry")?.contains("attempts") == true)
    #expect(Configuration.help(key: "include")?.hasPrefix("[lbd]") == true)
    #expect(Configuration.help(key: "address")?.contains("required") == true)
    #expect(Configuration.help(key: "stranger") == nil)
    let all = try #require(Configuration.help(key: nil))
    #expect(all.split(separator: "\n").allSatisfy { $0.utf8.count <= 100 })
    #expect(all.contains("[replica NAME]") && all.contains("[log]"))
  }
}
