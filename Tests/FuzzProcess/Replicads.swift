// The real replicas: killed, stopped for a while, started again.

import Glibc
import LinuxIO
import Synchronization

/// Demo replicas by port. One thread at a time changes them.
final class Replicads: Sendable {
  private let scene: Scene
  private let children: Children
  private let program: String
  let ports: [UInt16]
  private let pids: Mutex<[Int32]>

  init(_ scene: Scene, _ children: Children, program: String, ports: [UInt16]) {
    (self.scene, self.children, self.program, self.ports) = (scene, children, program, ports)
    pids = Mutex([Int32](repeating: 0, count: ports.count))
  }

  func startAll() throws { for index in ports.indices { try start(index) } }

  private func start(_ index: Int) throws {
    let pid = try children.start(
      [program, "--port", "\(ports[index])"], log: "\(scene.directory)/replicad-\(index).log")
    pids.withLock { $0[index] = pid }
  }

  private func pid(_ index: Int) -> Int32 { pids.withLock { $0[index] } }

  /// As a crash ends it: what a client was being sent is cut.
  func crash(_ index: Int, for milliseconds: Int) {
    scene.ledger.excused {
      children.signal(pid(index), SIGKILL)
      _ = children.reap(pid(index))
    }
    Clock.sleep(milliseconds: milliseconds)
    do {
      try start(index)
    } catch {
      scene.ledger.violated("replicad does not start: \(error)")
    }
  }

  /// It stands still for a while.
  func pause(_ index: Int, for milliseconds: Int) {
    children.signal(pid(index), SIGSTOP)
    Clock.sleep(milliseconds: milliseconds)
    children.signal(pid(index), SIGCONT)
  }

  /// None has ended by itself.
  func watch() {
    for index in ports.indices where children.hasEnded(pid(index)) {
      scene.ledger.violated("replicad ended by itself, with \(children.reap(pid(index)))")
    }
  }

  /// Each ends well when told to, and begins anew: its connections are gone.
  func restart() {
    for index in ports.indices {
      children.signal(pid(index), SIGTERM)
      // A second one ends what is still in flight.
      Clock.sleep(milliseconds: 200)
      children.signal(pid(index), SIGTERM)
      let status = children.status(of: pid(index), within: 60)
      guard status == 0 else {
        return scene.ledger.violated(
          "replicad, told to stop, ended with \(status.map { "\($0)" } ?? "nothing")")
      }
      do {
        try start(index)
      } catch {
        scene.ledger.violated("replicad does not start: \(error)")
      }
    }
  }

  var facts: [ProcessFacts] { ports.indices.map { ProcessFacts(pid: pid($0)) } }
}
