// A reload accepts what a start would accept, and nothing else: what it has to open it opens before it
// changes anything.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ReloadAcceptanceTests {
  /// What a reload that is refused must leave.
  private func facts(_ stage: Stage) throws -> [String] {
    try [stage.lbctl("config").output] + stage.pool().map { "\($0.name) \($0.state)" }
  }

  /// The start and the reload are refused in the same words, and the one that runs goes on as it was.
  private func expectRefused(_ stage: Stage, _ what: String) throws {
    let before = try facts(stage)
    let outcome = try stage.lbctl("reload")
    #expect(
      outcome.status == 1 && outcome.output == "" && outcome.error.contains(what), "\(outcome)")
    #expect(outcome.error.hasSuffix("lbctl: refused: lbd goes on with the conf it has\n"))
    #expect(try facts(stage) == before)
    #expect(try stage.connect().get("/getInfo").status == 200)
    let success = try stage.lbctl("metrics").output
    #expect(success.contains("\nlbd_last_reload_success 0\n"))
  }

  @Test func `a place of the metrics that is taken refuses the reload as a whole`() throws {
    let stage = try Stage(replicas: 2)
    let (port, log) = (try stage.reservePort(), stage.directory + "/access.log")
    try stage.write(
      """
      [lbd]
      main_port = \(port)
      ports = \(stage.names[0])
      control = \(stage.socketPath)
      [log]
      access = \(log)
      [metrics]
      listen = 127.0.0.1:\(stage.names[1])

      """)
    try expectRefused(stage, "cannot listen on 127.0.0.1:\(stage.names[1]): Address already in use")
    #expect((try? Connection(port: port)) == nil)
    #expect(!FileManager.default.fileExists(atPath: log))
  }

  @Test func `what fails last takes the metrics' path back`() throws {
    let stage = try Stage(replicas: 1)
    let path = stage.directory + "/metrics.sock"
    try stage.writeConf(
      ports: stage.ports,
      sections: "[metrics]\nlisten = unix:\(path)\n[log]\naccess = /no-such-directory/access.log\n")
    try expectRefused(stage, "/no-such-directory/access.log")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `a control socket that a restart could not make refuses the reload`() throws {
    let stage = try Stage(replicas: 1)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing(stage.socketPath, with: "/no-such-directory/lbd.sock"))
    try expectRefused(stage, "cannot make the control socket /no-such-directory/lbd.sock")
    let path = stage.directory + "/other.sock"
    try stage.write(conf.replacing(stage.socketPath, with: path))
    let outcome = try stage.lbctl("reload")
    #expect(outcome.status == 0 && outcome.error.contains("takes a restart"), "\(outcome)")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `an address that another process shares is taken`() throws {
    let stage = try Stage(replicas: 1)
    let address = try #require(SocketAddress(ip: "127.0.0.2", port: stage.mainPort))
    let shared = try Socket.listen(address, isShared: true)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing("host = 127.0.0.1", with: "host = 0.0.0.0"))
    try expectRefused(stage, "cannot listen on 0.0.0.0:\(stage.mainPort): Address already in use")
    _ = consume shared
    #expect(try stage.lbctl("reload").status == 0)
  }

  @Test func `an access log that a start could not open refuses the reload`() throws {
    let stage = try Stage()
    let port = try stage.startReplica()
    let directory = stage.directory + "/log"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    try stage.writeConf(ports: [port], sections: "[log]\naccess = \(directory)/access.log\n")
    try stage.start()
    try FileManager.default.moveItem(atPath: directory, toPath: directory + "2")
    try expectRefused(stage, "cannot open the access log \(directory)/access.log")
  }

  @Test func `a reload that is refused leaves a link that leads nowhere`() throws {
    let stage = try Stage(replicas: 1)
    let link = stage.directory + "/access.log"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "other.log")
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(
      conf.replacing(stage.socketPath, with: "/no-such-directory/lbd.sock")
        + "[log]\naccess = \(link)\n")
    try expectRefused(stage, "/no-such-directory/lbd.sock")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "other.log")
    // And is no obstacle, to a check, a reload or a start.
    try stage.write(conf + "[log]\naccess = \(link)\n")
    #expect(try stage.lbctl("reload").status == 0)
    try FileManager.default.removeItem(atPath: stage.directory + "/other.log")
    #expect(try Child.run("lbd", ["-t", "-c", stage.confPath]).status == 0)
    #expect(try stage.lbctl("reload").status == 0)
  }

  @Test func `a rehearsal refuses a replica that lbd would be itself`() throws {
    let stage = try Stage(replicas: 1)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf + "[replica itself]\naddress = 127.0.0.1:\(stage.mainPort)\n")
    for arguments in [["reload", "--dry-run"], ["reload"]] {
      let outcome = try Child.run(
        "lbctl", arguments + ["--socket", stage.socketPath])
      #expect(outcome.status == 1 && outcome.error.contains("its own replica"), "\(outcome)")
    }
  }

  @Test func `a reload that is refused makes no directory`() throws {
    let stage = try Stage(replicas: 1)
    let directory = "/run/lbd-test-\(getpid())-\(stage.mainPort)"
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    let taken = try Socket.listen(try #require(SocketAddress(ip: "127.0.0.1", port: 0)))
    let port = Socket.localAddress(taken)?.port ?? 0
    try stage.write(
      conf.replacing(stage.socketPath, with: directory + "/lbd.sock")
        + "[metrics]\nlisten = 127.0.0.1:\(port)\n")
    try expectRefused(stage, "Address already in use")
    #expect(!FileManager.default.fileExists(atPath: directory))
  }

  @Test func `the main listener and the metrics' change places`() throws {
    let stage = try Stage(replicas: 1)
    let port = try stage.reservePort()
    func place(_ main: UInt16, _ metrics: UInt16) throws {
      try stage.write(
        "[lbd]\nmain_port = \(main)\ncontrol = \(stage.socketPath)\n[health]\n\(Stage.fastProbes)"
          + "[replica a]\naddress = 127.0.0.1:\(stage.names[0])\n"
          + "[metrics]\nlisten = 127.0.0.1:\(metrics)\n")
      let outcome = try stage.lbctl("reload")
      #expect(outcome.status == 0, "\(outcome)")
      try eventually("both have moved") {
        guard let info = try? Connection(port: main).get("/getInfo"),
          let text = try? Connection(port: metrics).get("/metrics")
        else { return false }
        return info.status == 200 && text.status == 200
      }
    }
    try place(stage.mainPort, port)
    try place(port, stage.mainPort)
    try place(stage.mainPort, port)
  }

  // MARK: Descriptors

  /// lbd with one replica and so many descriptors.
  private func limited(to count: Int) throws -> Stage {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, lbd: "workers = 1")
    try stage.start(by: "ulimit -n \(count); exec \"$0\" \"$@\"")
    return stage
  }

  @Test func `a pool that the descriptors do not allow is refused by a reload as by a start`()
    throws
  {
    let stage = try limited(to: 400)
    try stage.writeConf(replicas: 100, on: stage.ports[0], health: Stage.fastProbes)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing("[lbd]\n", with: "[lbd]\nworkers = 1\n"))
    let start = try Child(
      "/bin/sh",
      ["-c", "ulimit -n 400; exec \"$0\" \"$@\"", try Binaries.path("lbd"), "-c", stage.confPath])
    let line = try start.outcome().error
    #expect(line.contains("not enough descriptors: the limit is 400"), "\(line)")
    let rehearsal = try stage.lbctl("reload", "--dry-run")
    #expect(rehearsal.status == 1 && rehearsal.error.contains("not enough descriptors"))
    try expectRefused(stage, String(line.dropFirst("lbd: ".utf8.count)))
  }

  @Test func `a replica that the descriptors do not allow is not added`() throws {
    let stage = try limited(to: 340)
    var added = 0
    var refusal: Child.Outcome?
    while refusal == nil && added < 20 {
      let outcome = try stage.lbctl("add", "\(Stage.loopback(added)):\(stage.names[0])")
      if outcome.status == 0 { added += 1 } else { refusal = outcome }
    }
    #expect(added > 0 && refusal?.error.contains("not enough descriptors") == true, "\(added)")
    #expect(try stage.pool().count == added + 1)
    #expect(try stage.lbctl("remove", "\(Stage.loopback(0)):\(stage.names[0])").status == 0)
    #expect(try stage.lbctl("add", "\(Stage.loopback(0)):\(stage.names[0])").status == 0)
  }

  // MARK: What is not checked

  @Test func `a rehearsal says what it could not check`() throws {
    let stage = try Stage(replicas: 1)
    let (main, metrics) = (try stage.reservePort(), try stage.reservePort())
    let log = stage.directory + "/access.log"
    try stage.write(
      """
      [lbd]
      main_port = \(main)
      control = \(stage.directory)/other.sock
      [log]
      access = \(log)
      [metrics]
      listen = 127.0.0.1:\(metrics)
      [replica far]
      address = far.invalid:80

      """)
    let outcome = try stage.lbctl("reload", "--dry-run")
    #expect(outcome.status == 0, "\(outcome)")
    for what in [
      "127.0.0.1:\(main) can be listened on", "127.0.0.1:\(metrics) can be listened on",
      "\(log) can be opened", "\(stage.directory)/other.sock can be made",
      "far.invalid (replica far) resolves",
    ] {
      #expect(
        outcome.error.contains("lbctl: not checked: ") && outcome.error.contains(what), "\(what)")
    }
    #expect(!FileManager.default.fileExists(atPath: log))
    try stage.writeConf(ports: stage.ports)
    #expect(try !stage.lbctl("reload", "--dry-run").error.contains("not checked"))
  }
}
