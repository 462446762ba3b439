// What the page is tried on: a real lbd with three real replicas on free ports, and a browser that
// looks at it. All of it is in a directory of its own and gone after the test.

import Foundation
import LinuxIO
import TestSupport

/// One test's processes.
final class Stage: Sendable {
  let directory: URL
  let port: UInt16
  let ports: [UInt16]
  let replicas: [Child]
  let lbd: Child
  let browser: Browser

  private init(
    directory: URL, port: UInt16, ports: [UInt16], replicas: [Child], lbd: Child, browser: Browser
  ) {
    self.directory = directory
    self.port = port
    self.ports = ports
    self.replicas = replicas
    self.lbd = lbd
    self.browser = browser
  }

  var origin: String { "http://127.0.0.1:\(port)" }
  var docs: URL { URL(string: origin + "/docs")! }

  /// Sets everything up and has `play` use it. Whatever came of it, and also when only a part was
  /// set up, the processes end with the last reference to them.
  static func with(_ play: (Stage) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "lbd-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let stage = try await set(in: directory)
    do {
      try await play(stage)
    } catch {
      throw TestFailure("\(error)\nlbd said:\n\(stage.lbd.output)")
    }
  }

  private static func set(in directory: URL) async throws -> Stage {
    let browser = try await Browser.start(in: directory)
    let ports = try freePorts(4)
    let replicas = try ports.dropFirst().map { port in
      try Child(program("replicad"), ["--port", "\(port)"], in: directory)
    }
    let lbd = try startLbd(ports, in: directory)
    let stage = Stage(
      directory: directory, port: ports[0], ports: Array(ports.dropFirst()), replicas: replicas,
      lbd: lbd, browser: browser)
    try await until("lbd reports three replicas up: \(lbd.output)") {
      lbd.output.matches(of: /is up/).count >= 3 ? true : nil
    }
    return stage
  }

  /// lbd again, on the same ports, after it was ended.
  func restart() throws -> Child {
    try Stage.startLbd([port] + ports, in: directory)
  }

  private static func startLbd(_ ports: [UInt16], in directory: URL) throws -> Child {
    let conf = directory.appending(path: "lb.conf")
    let text = """
      [lbd]
      main_port = \(ports[0])
      ports = \(ports.dropFirst().map { "\($0)" }.joined(separator: ", "))
      control = \(directory.appending(path: "lbd.sock").path)
      docs = on
      [health]
      path = /health
      interval = 250ms
      """
    try text.write(to: conf, atomically: true, encoding: .utf8)
    return try Child(program("lbd"), ["-c", conf.path], in: directory)
  }

  /// A program of the build that `LBD_BIN_DIR` names.
  private static func program(_ name: String) throws -> String {
    let folder = ProcessInfo.processInfo.environment["LBD_BIN_DIR"] ?? ".build/release"
    let file = URL(fileURLWithPath: folder).appending(path: name).path
    guard FileManager.default.isExecutableFile(atPath: file) else {
      throw TestFailure("no \(file): build it, or say in LBD_BIN_DIR where lbd and replicad are")
    }
    return file
  }

  /// Different ports that were free a moment ago.
  private static func freePorts(_ count: Int) throws -> [UInt16] {
    var ports: [UInt16] = []
    while ports.count < count {
      guard let address = SocketAddress(ip: "127.0.0.1", port: 0) else { continue }
      let socket = try Socket.listen(address)
      guard let port = Socket.localAddress(socket)?.port, !ports.contains(port) else { continue }
      ports.append(port)
    }
    return ports
  }
}
