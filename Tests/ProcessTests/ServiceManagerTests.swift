// lbd as a service manager runs it: sockets that it is passed, and what it says on NOTIFY_SOCKET.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ServiceManagerTests {
  /// Runs lbd with what is its standard input as the descriptors from 3 on, passed by these names.
  private func passing(_ name: String, count: Int = 1, more: String = "") -> String {
    "exec 3<&0 \(count > 1 ? "4<&0" : "") </dev/null; \(more) LISTEN_PID=$$ LISTEN_FDS=\(count)"
      + " LISTEN_FDNAMES=\(name) exec \"$0\" \"$@\""
  }

  private func listener(port: UInt16 = 0) throws -> (FileHandle, port: UInt16) {
    guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
      throw TestFailure("port")
    }
    let descriptor = try Socket.listen(address)
    let port = Socket.localAddress(descriptor)?.port ?? 0
    return (FileHandle(fileDescriptor: descriptor.release(), closeOnDealloc: true), port)
  }

  private func refused(_ input: FileHandle, _ script: String) throws -> Child.Outcome {
    let stage = try Stage()
    try stage.writeConf(ports: [1])
    let child = try Child(
      "/bin/sh", ["-c", script, try Binaries.path("lbd"), "-c", stage.confPath], input: input)
    return try child.outcome()
  }

  @Test func `a socket that was passed serves in place of host and main_port`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let (input, port) = try listener()
    try stage.launch(by: passing("lbd.socket"), input: input, at: port)
    try eventually("its control socket") { (try? stage.pool()) != nil }
    try stage.awaitPool("it is up") { $0[0].state == .up }
    #expect(try Connection(port: port).get("/getInfo").status == 200)
    #expect(throws: SystemError("connect", ECONNREFUSED)) { try stage.connect() }
    // lbctl finds it by what lbd says of itself.
    #expect(try stage.lbctl("test", "-n", "2").status == 0)
    let log = stage.lbd?.error ?? ""
    #expect(log.contains("127.0.0.1:\(port), a socket from lbd.socket"), "\(log)")
  }

  @Test func `a connection that came before lbd did is served`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, health: "check = off\n")
    let (input, port) = try listener()
    let early = try Connection(port: port)
    try early.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.launch(by: passing("lbd.socket"), input: input, at: port)
    #expect(try early.answer().status == 200)
  }

  @Test func `what was passed and is no TCP socket that listens is refused as a broken conf is`()
    throws
  {
    let outcome = try refused(.nullDevice, passing("odd"))
    #expect(outcome.status == 78)
    #expect(outcome.error.contains("descriptor 3, passed as odd, is no socket"), "\(outcome)")
    let two = try refused(try listener().0, passing("a:b", count: 2))
    #expect(two.status == 78)
    #expect(two.error.contains("2 sockets were passed (a, b) and lbd takes one"), "\(two)")
  }

  @Test func `the socket that the manager held since before a restart is taken up`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let inbox = try DatagramInbox(stage.directory + "/notify")
    let (input, _) = try listener(port: stage.mainPort)
    try stage.launch(
      by: passing("kept-listener", more: "NOTIFY_SOCKET=\(inbox.path)"), input: input)
    try inbox.await("READY") { $0.hasPrefix("READY=1\n") }
    try eventually("the log says so") {
      stage.lbd?.error.contains("the socket it had before") == true
    }
    #expect(inbox.count { $0.hasPrefix("FDSTORE") } == 0)
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `one that is not where the conf says is given back, and the new one held`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let inbox = try DatagramInbox(stage.directory + "/notify")
    let (input, port) = try listener()
    try stage.launch(
      by: passing("kept-listener", more: "NOTIFY_SOCKET=\(inbox.path)"), input: input)
    try inbox.await("READY") { $0.hasPrefix("READY=1\n") }
    let words = inbox.texts.filter { $0.hasPrefix("FD") }
    #expect(
      words == [
        "FDSTOREREMOVE=1\nFDNAME=kept-listener", "FDSTORE=1\nFDNAME=kept-listener",
      ])
    #expect(try stage.connect().get("/getInfo").status == 200)
    // This test's own copy is the last.
    try input.close()
    // But for the moment in which another test's child begins, and has it too.
    try eventually("nobody listens there") { (try? Connection(port: port)) == nil }
  }

  @Test func `one in the way of the conf's new address is waited for`() throws {
    let stage = try Stage()
    let (input, port) = try listener()
    try stage.write(
      "[lbd]\nhost = 0.0.0.0\nmain_port = \(port)\nports = 1\ncontrol = \(stage.socketPath)\n")
    let lbd = try Child(
      "/bin/sh", ["-c", passing("kept-listener"), try Binaries.path("lbd"), "-c", stage.confPath],
      input: input)
    Clock.sleep(milliseconds: 200)
    // As the manager does once it has heard.
    try input.close()
    try eventually("it listens: \(lbd.error)") {
      lbd.error.contains("listens on http://0.0.0.0:\(port)")
    }
  }

  @Test func `a reload that moves the listener has the manager hold the new one`() throws {
    let stage = try Stage(replicas: 1)
    let moved = try Stage()
    let inbox = try DatagramInbox(moved.directory + "/notify")
    try moved.writeConf(ports: stage.ports)
    try moved.launch(by: "NOTIFY_SOCKET=\(inbox.path) exec \"$0\" \"$@\"")
    try inbox.await("READY") { $0.hasPrefix("READY=1\n") }
    let port = try moved.reservePort()
    let conf = try String(contentsOfFile: moved.confPath, encoding: .utf8)
    try moved.write(conf.replacing("main_port = \(moved.mainPort)", with: "main_port = \(port)"))
    #expect(try moved.lbctl("reload").status == 0)
    inbox.read()
    let words = inbox.texts.filter { $0.hasPrefix("FD") || $0.hasPrefix("BARRIER") }
    let keep = "FDSTORE=1\nFDNAME=kept-listener"
    let forget = "FDSTOREREMOVE=1\nFDNAME=kept-listener"
    #expect(words == [keep, forget, "BARRIER=1", keep])
    #expect(try Connection(port: port).get("/getInfo").status == 200)
    #expect(try moved.lbctl("test", "-n", "2").status == 0)
  }

  @Test func `beside a socket that was passed a reload's host and main_port do not count`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let (input, port) = try listener()
    try stage.launch(by: passing("lbd.socket"), input: input, at: port)
    try eventually("it is ready") { try Connection(port: port).get("/getInfo").status == 200 }
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    let other = try stage.reservePort()
    try stage.write(conf.replacing("main_port = \(stage.mainPort)", with: "main_port = \(other)"))
    let reload = try stage.lbctl("reload")
    let place = "[lbd] main_port: \(stage.mainPort) -> \(other)"
    #expect(reload.status == 0 && reload.output == "")
    #expect(
      reload.error.hasPrefix(
        "lbctl: \(place) does not count: the socket unit says where lbd listens\n"))
    #expect(try Connection(port: port).get("/getInfo").status == 200)
    #expect(throws: SystemError("connect", ECONNREFUSED)) { try Connection(port: other) }
  }

  @Test func `the manager hears of readiness, of changes and of the end`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let inbox = try DatagramInbox(stage.directory + "/notify")
    try stage.launch(by: "NOTIFY_SOCKET=\(inbox.path) exec \"$0\" \"$@\"")
    try inbox.await("READY") { $0 == "READY=1\nSTATUS=2/2 replicas up, 0 req/s" }
    try stage.killReplica(stage.ports[0])
    try inbox.await("one is down") { $0 == "STATUS=1/2 replicas up, 0 req/s" }
    let connection = try stage.connect()
    for _ in 0..<100 { #expect(try connection.get("/getInfo").status == 200) }
    try inbox.await("the rate") {
      $0.wholeMatch(of: /STATUS=1\/2 replicas up, [1-9].* req\/s/) != nil
    }
    stage.lbd?.signal(SIGTERM)
    try inbox.await("STOPPING") { $0 == "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000" }
  }

  @Test func `the watchdog hears of an idle lbd, and nothing of one that stands still`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, lbd: "workers = 2", health: Stage.noProbes)
    let inbox = try DatagramInbox(stage.directory + "/notify")
    try stage.launch(by: "NOTIFY_SOCKET=\(inbox.path) WATCHDOG_USEC=300000 exec \"$0\" \"$@\"")
    let isPing = { (text: String) in text == "WATCHDOG=1" }
    try eventually("ten pings") { inbox.count(isPing) >= 10 }
    try stage.lbd?.paused {
      let before = inbox.count(isPing)
      Clock.sleep(milliseconds: 500)
      #expect(inbox.count(isPing) == before)
    }
    let before = inbox.count(isPing)
    try eventually("pings again") { inbox.count(isPing) > before + 2 }
  }
}
