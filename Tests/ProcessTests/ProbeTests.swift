// What a probe asks, what it takes for good, and how many there are at once.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ProbeTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
  private static let fast = "path = /probe\ninterval = 50ms\nfast_interval = 50ms\n"

  @Test(arguments: ["HEAD", "OPTIONS"])
  func `a probe asks as the conf says, on a connection that is kept`(_ method: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(method == "HEAD" ? String(Self.ok.dropLast(5)) : Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica],
      health: Self.fast + "timeout = 10s\nmethod = \(method)\nhost = App.internal:81\n")
    try eventually("20 probes") { replica.requests.count >= 20 }
    #expect(
      replica.requests.allSatisfy {
        $0.hasPrefix("\(method) /probe HTTP/1.1\r\nHost: app.internal:81\r\n")
      })
    #expect(replica.connections <= 5 && !(stage.lbd?.error.contains("is down") ?? true))
  }

  @Test(arguments: ["http", "tcp"])
  func `probes go to a port of their own, requests to the replica's`(_ check: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let probed = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], health: Self.fast + "check = \(check)\nport = \(probed.port)\n")
    #expect(try stage.connect().get("/app").text == "hello")
    #expect(replica.requests.allSatisfy { $0.hasPrefix("GET /app ") })
    #expect(!probed.requests.contains { $0.hasPrefix("GET /app ") })
    let host = "\r\nHost: 127.0.0.1:\(replica.port)\r\n"
    #expect(probed.requests.allSatisfy { $0.contains(host) })
    try probed.stop()
    try stage.awaitPool("it is down") { $0[0].state == .down && $0[0].check.result == "refused" }
  }

  @Test(arguments: [("400", true), ("421", true), ("404", false), ("500", false)])
  func `explain says which Host a replica was asked for where it refuses one`(
    _ status: String, _ isHinted: Bool
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: Self.fast)
    try stage.launch()
    try stage.awaitPool("a verdict") { $0[0].check.result == status }
    let text = try stage.lbctl("explain", "\(replica.port)").output
    let hint = "asked as Host 127.0.0.1:\(replica.port); if it serves other names only, set host"
    #expect(text.contains(hint) == isHinted, "\(text)")
  }

  private static let length = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
  private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  private static let untilClose = "HTTP/1.0 200 OK\r\n\r\n"
  private static let long = String(repeating: "x", count: 65_531)

  @Test(arguments: [
    ([length + "all ready"], "200"), ([length, "all re", "ady"], "200"),
    ([length + "all readx"], "no match"), ([length + "reads"], "no match"),
    ([chunked + "5;x=y\r\nall r\r\n4\r\neady\r\n0\r\n\r\n"], "200"),
    ([chunked, "5\r\nall r\r\n4", "\r\nea", "d", "y\r\n"], "200"),
    ([chunked + "3\r\nrea\r\n4\r\n-dy.\r\n0\r\n\r\n"], "no match"),
    ([chunked + "3\r\nready\r\n0\r\n\r\n"], "malformed"),
    ([untilClose, "re", "ready"], "200"), ([untilClose + "read"], "no match"),
    (["HTTP/1.1 204 No Content\r\n\r\n"], "no match"),
    (["HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nready"], "500"),
    ([untilClose + long + "ready"], "200"), ([untilClose + long + ".ready"], "no match"),
    (["HTTP/1.1 103 Early Hints\r\n\r\n" + length, "all ready"], "200"),
  ])
  func `a body must contain what the conf says, however it is framed`(
    _ pieces: [String], _ verdict: String
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      for (index, piece) in pieces.enumerated() {
        if index > 0 { Clock.sleep(milliseconds: 5) }
        try connection.send(piece)
      }
      return .close
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: Self.fast + "body = ready\n")
    try stage.launch()
    let state = verdict == "200" ? ReplicaState.up : .down
    try stage.awaitPool("a verdict") { $0[0].state == state }
    #expect(try stage.pool()[0].check.result == verdict)
    #expect(replica.requests.allSatisfy { $0.contains("\r\nConnection: close\r\n") })
  }

  @Test(arguments: [(1, 1), (3, 3), (50, 8)])
  func `of a replica that hangs no more probes are under way than must fail, and 8 at most`(
    _ fall: Int, _ most: Int
  ) throws {
    let hangs = Gate()
    let notes = Notes<Int>()
    let replica = try ScriptedReplica { _, connection in
      guard hangs.isOpen else {
        try connection.send(Self.ok)
        return .keep
      }
      notes.add(1)
      _ = try? connection.takeRest()
      notes.add(-1)
      return .close
    }
    let stage = try Stage(
      scripted: [replica],
      health: Self.fast + "timeout = 200ms\nfall = \(fall)\n")
    hangs.open()
    try stage.awaitPool("it is found silent") { $0[0].state == .slow }
    // Its threads may see an end later than the next beginnings.
    #expect(most...2 * most ~= peak(notes.all[...]))
    // What is slow, or down, is asked once at a time.
    try eventually("none is under way") { notes.all.reduce(0, +) == 0 }
    let count = notes.all.count
    try eventually("six more") { notes.all.count >= count + 12 }
    #expect(peak(notes.all[count...]) <= 2)
  }

  /// The most that were under way at once, from steps up and down.
  private func peak(_ steps: ArraySlice<Int>) -> Int {
    var (now, most) = (0, 0)
    for step in steps { (now, most) = (now + step, max(most, now + step)) }
    return most
  }
}
