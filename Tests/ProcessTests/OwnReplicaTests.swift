// lbd is never its own replica: not by the conf, not by an order, not by what a name resolves to.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite struct OwnReplicaTests {
  /// lbd on every address, with a listener for metrics and a replica.
  private func stage(host: String = "0.0.0.0") throws -> (Stage, metrics: UInt16) {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.startReplica()
    try stage.write(
      """
      [lbd]
      host = \(host)
      main_port = \(stage.mainPort)
      control = \(stage.socketPath)
      [health]
      \(Stage.fastProbes)
      [metrics]
      listen = 127.0.0.1:\(port)
      [replica a]
      address = 127.0.0.1:\(stage.names[0])

      """)
    try stage.start()
    return (stage, port)
  }

  @Test func `an order to add any listener of lbd's own is refused`() throws {
    let (stage, metrics) = try stage()
    let link = stage.directory + "/link.sock"
    guard unsafe symlink(stage.socketPath, link) == 0 else { throw TestFailure("symlink") }
    var places = [
      "127.0.0.1:\(stage.mainPort)", "localhost:\(stage.mainPort)", "127.9.9.9:\(stage.mainPort)",
      "[::ffff:127.0.0.1]:\(stage.mainPort)", "127.0.0.1:\(metrics)", "localhost:\(metrics)",
      "unix:\(stage.socketPath)", "unix:\(link)",
    ]
    // Also by the addresses of its other interfaces.
    places += Interfaces.addresses().filter { !$0.isIPv6 }.map {
      "\(AddressText($0)):\(stage.mainPort)"
    }
    for place in places {
      let outcome = try stage.lbctl("add", place)
      #expect(outcome.status == 1, "\(place): \(outcome)")
      #expect(outcome.error.contains("has lbd itself listen"), "\(place): \(outcome.error)")
    }
    #expect(try stage.lbctl("add", "0.0.0.0:\(stage.mainPort)").status != 0)
    #expect(try stage.pool().map(\.name) == ["a"])
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `a conf with another address of this machine is refused by start and reload`() throws {
    let ip = Interfaces.addresses().first { !$0.isIPv6 && !$0.isLoopback }
    let link = "link.sock"
    let (stage, _) = try stage()
    guard unsafe symlink(stage.socketPath, stage.directory + "/" + link) == 0 else {
      throw TestFailure("symlink")
    }
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    var places = ["unix:\(stage.directory)/\(link)"]
    if let ip { places.append("\(AddressText(ip)):\(stage.mainPort)") }
    for place in places {
      try stage.write(conf + "[replica b]\naddress = \(place)\n")
      let outcome = try stage.lbctl("reload")
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.error.contains("replica b (\(place)) is where "), "\(outcome.error)")
    }
    #expect(try stage.pool().map(\.name) == ["a"])
    guard let ip else { return }
    let other = try Stage()
    try other.write(
      "[lbd]\nhost = 0.0.0.0\nmain_port = \(other.mainPort)\ncontrol = \(other.socketPath)\n"
        + "[replica b]\naddress = \(AddressText(ip)):\(other.mainPort)\n")
    let start = try Child.run("lbd", ["-c", other.confPath])
    #expect(start.status == 78 && start.error.contains("it would be its own replica"), "\(start)")
    #expect(!FileManager.default.fileExists(atPath: other.socketPath))
  }

  @Test func `a name that resolves to lbd's listener is no replica, and that is said`() throws {
    // By its text it may be anyone; this machine's name leads to an address that lbd listens on.
    let name = ProcessInfo.processInfo.hostName
    guard name != "localhost",
      SocketAddress.resolve(name, port: 1).contains(where: { $0.ip.map(Interfaces.isLocal) == true }
      )
    else { return }
    let (stage, _) = try stage(host: "::")
    let outcome = try stage.lbctl("add", "\(name):\(stage.mainPort)")
    #expect(outcome.status == 0, "\(outcome)")
    try stage.awaitPool("it is said") { $0.last?.lookup?.contains("lbd itself listens") == true }
    #expect(try stage.pool().last?.state == .unresolved)
    #expect(try stage.lbctl("explain", "\(name):\(stage.mainPort)").output.contains("lbd itself"))
    for _ in 0..<4 { #expect(try stage.connect().get("/getInfo").status == 200) }
  }
}
