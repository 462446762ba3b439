// Where lbd itself listens: two listeners of one conf at one place, and replicas that are lbd itself.

import Configuration
import Testing

@Suite struct ListenerTests {
  private func errors(_ host: String, _ metrics: String) -> [String] {
    Loaded("[lbd]\nhost = \(host)\nports = 1\n[metrics]\nlisten = \(metrics)\n").heads
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:8080"), ("0.0.0.0", "127.0.0.1:8080"), ("127.0.0.1", "0.0.0.0:8080"),
    ("::", "127.0.0.1:8080"), ("::", "[::1]:8080"), ("192.0.2.7", "[::]:8080"),
    ("0.0.0.0", "localhost:8080"), ("localhost", "127.0.0.1:8080"), ("localhost", "localhost:8080"),
    ("127.0.0.1", "[::ffff:127.0.0.1]:8080"), ("::ffff:7f00:1", "127.0.0.1:8080"),
  ])
  func `two listeners of one conf on one address are found`(_ host: String, _ metrics: String) {
    let errors = errors(host, metrics)
    #expect(errors.count == 1, "\(errors)")
    #expect(errors.first?.hasPrefix("5:10: ") == true)
    #expect(errors.first?.contains("main_port in [lbd]") == true)
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:8081"), ("127.0.0.1", "127.0.0.2:8080"), ("0.0.0.0", "[::1]:8080"),
    ("127.0.0.1", "[::1]:8080"), ("192.0.2.7", "127.0.0.1:8080"), ("a.internal", "127.0.0.1:8080"),
  ])
  func `two listeners that are not in each other's way are none`(_ host: String, _ metrics: String)
  {
    #expect(errors(host, metrics) == [])
  }

  @Test func `the metrics at the control socket's path are found`() {
    let conf = "[lbd]\nports = 1\ncontrol = /run/x/lbd.sock\n[metrics]\nlisten = unix:"
    #expect(
      Loaded(conf + "/run/x/./lbd.sock\n").heads == [
        "5:10: unix:/run/x/./lbd.sock is where control in [lbd] has lbd listen already, choose "
          + "another path"
      ])
    #expect(Loaded(conf + "/run/x/other.sock\n").heads == [])
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:8080", "8080 is main_port"),
    ("127.0.0.1", "[::ffff:127.0.0.1]:8080", "8080 is main_port"),
    ("::ffff:127.0.0.1", "127.0.0.1:8080", "8080 is main_port"),
    ("127.0.0.1", "localhost:8080", "8080 is main_port"),
    ("0.0.0.0", "127.5.5.5:8080", "8080 is main_port"),
    ("::", "[::1]:8080", "8080 is main_port"), ("::", "127.0.0.1:8080", "8080 is main_port"),
    ("::", "[::ffff:127.0.0.1]:8080", "8080 is main_port"),
    ("127.0.0.1", "127.0.0.1:9090", "9090 is [metrics] listen"),
    ("127.0.0.1", "localhost:9090", "9090 is [metrics] listen"),
    ("127.0.0.1", "unix:/run/x/lbd.sock", "/run/x/lbd.sock is control"),
    ("127.0.0.1", "unix:/run//x/lbd.sock", "/run/x/lbd.sock is control"),
  ])
  func `a replica that is a listener of lbd's own is refused`(
    _ host: String, _ address: String, _ what: String
  ) {
    let loaded = Loaded(
      "[lbd]\nhost = \(host)\ncontrol = /run/x/lbd.sock\n[metrics]\nlisten = 127.0.0.1:9090\n"
        + "[replica a]\naddress = \(address)\n")
    #expect(loaded.heads.count == 1, "\(loaded.heads)")
    #expect(loaded.heads.first?.hasPrefix("7:11: \(what), lbd would be its own replica") == true)
  }

  @Test func `the wildcard as IPv6 writes it is no address of a replica`() {
    let errors = Loaded("[replica a]\naddress = [::ffff:0.0.0.0]:9000\n").heads
    #expect(errors.count == 1 && errors[0].contains("is not an address to connect to"), "\(errors)")
  }

  @Test(arguments: [
    ("host = 127.0.0.1", "127.0.0.2:8080"), ("host = 192.0.2.7", "127.0.0.1:8080"),
    ("main_port = 81", "127.0.0.1:8080"), ("host = 127.0.0.1", "app.internal:8080"),
    ("host = 127.0.0.1", "unix:/run/app.sock"),
  ])
  func `a replica that is elsewhere is one`(_ setting: String, _ address: String) {
    #expect(Loaded("[lbd]\n\(setting)\n[replica a]\naddress = \(address)\n").heads == [])
  }

  @Test(arguments: [("8080", "main_port"), ("9090", "[metrics] listen")])
  func `probes that would go to lbd itself are refused`(_ port: String, _ key: String) {
    let loaded = Loaded(
      "[lbd]\nports = 8081\n[metrics]\nlisten = 127.0.0.1:9090\n[health]\nport = \(port)\n")
    #expect(
      loaded.heads == ["6:8: \(port) is \(key), lbd would probe itself: choose another port"])
  }
}
