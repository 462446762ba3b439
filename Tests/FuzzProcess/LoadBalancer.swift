// The lbd under attack: started, followed by the next one, stopped, and always to be there in between.

import Glibc
import LinuxIO
import Synchronization

/// The lbd that runs. One thread at a time changes it, any may look at it.
final class LoadBalancer: Sendable {
  private struct Current {
    var pid: Int32 = 0
    var log = ""
    /// Its end is expected.
    var isInTransition = true
  }

  private let scene: Scene
  private let children: Children
  private let program: String
  private let current = Mutex(Current())
  private let starts = Atomic(0)

  init(_ scene: Scene, _ children: Children, program: String) {
    (self.scene, self.children, self.program) = (scene, children, program)
  }

  var pid: Int32 { current.withLock { $0.pid } }
  var facts: ProcessFacts { ProcessFacts(pid: pid) }
  private var socketPath: String { scene.socketPath }

  /// The end of its log.
  var logTail: String {
    let path = current.withLock { $0.log }
    let bytes = (try? Files.readEnd(path, limit: 3000)) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }

  private func nextLog() -> String {
    "\(scene.directory)/lbd-\(starts.wrappingAdd(1, ordering: .relaxed).newValue).log"
  }

  private func set(_ pid: Int32, _ log: String) {
    let former = current.withLock { current in
      defer { (current.pid, current.log) = (pid, log) }
      return current.log
    }
    // Its log was needed only while it could be the reason for a failure.
    if !former.isEmpty && former != log { try? Files.remove(former) }
  }

  private func setInTransition(_ isSo: Bool) {
    current.withLock { $0.isInTransition = isSo }
  }

  /// It has not ended by itself.
  func watch() {
    let state = current.withLock { $0 }
    guard !state.isInTransition, children.hasEnded(state.pid) else { return }
    // It may have been about to be replaced.
    guard current.withLock({ !$0.isInTransition && $0.pid == state.pid }) else { return }
    scene.ledger.violated("lbd ended by itself, with \(children.reap(state.pid))")
  }

  // MARK: Starts and ends

  /// Starts one and waits until it answers. False when that went wrong.
  func start() -> Bool {
    let log = nextLog()
    guard let pid = try? children.start([program, "-c", scene.confPath], log: log) else {
      return false
    }
    set(pid, log)
    guard waitFor("lbd starts", pid, { answers(as: pid) }) else { return false }
    setInTransition(false)
    return true
  }

  /// Waits for something of a process that must not end meanwhile.
  private func waitFor(_ what: String, _ pid: Int32, _ holds: () -> Bool) -> Bool {
    let deadline = Clock.now() + 90_000_000_000
    while !holds() {
      guard !scene.ledger.isOver else { return false }
      if children.hasEnded(pid) {
        scene.ledger.violated("\(what): it ended with \(children.reap(pid))")
        return false
      }
      guard Clock.now() < deadline else {
        scene.ledger.violated("\(what): not within 90 s")
        return false
      }
      Clock.sleep(milliseconds: 10)
    }
    return true
  }

  private func answers(as pid: Int32) -> Bool {
    let answer = Control.ask(socketPath, "GET /pool", milliseconds: 1000)
    return answer.map { String(decoding: $0.body, as: UTF8.self).contains("\"pid\":\(pid),") }
      ?? false
  }

  /// Stops it with a signal; its status must be this.
  @discardableResult
  func stop(_ number: Int32, status: Int32) -> Bool {
    setInTransition(true)
    children.signal(pid, number)
    // As long as lbd drains by any conf, and then some.
    let found = children.status(of: pid, within: 90)
    guard found == status else {
      scene.ledger.violated(
        "lbd, stopped by signal \(number), ended with \(found.map { "\($0)" } ?? "nothing")")
      return false
    }
    return true
  }

  /// Has the next one take its place.
  func takeOver(drain seconds: Int) {
    setInTransition(true)
    defer { setInTransition(false) }
    let former = pid
    let log = nextLog()
    let command = [program, "--takeover", "-c", scene.confPath]
    guard let next = try? children.start(command, log: log) else { return }
    guard
      waitFor("the next lbd takes over", next, { children.hasEnded(former) || answers(as: next) })
    else { return set(next, log) }
    // What is in flight is cut when the time is over, which the clients are then told of.
    let cut = Clock.now() + UInt64(seconds) * 1_000_000_000
    _ = waitFor("the former lbd drains", next) {
      children.hasEnded(former) || Clock.now() + 1_000_000_000 > cut
    }
    scene.ledger.excused { _ = waitFor("the former lbd ends", next) { children.hasEnded(former) } }
    guard children.hasEnded(former) else { return set(next, log) }
    let status = children.reap(former)
    set(next, log)
    if status != 0 { scene.ledger.violated("the former lbd ended with \(status)") }
    _ = waitFor("the next lbd answers", next) { answers(as: next) }
  }
}

/// Questions to the control socket, as they should be.
enum Control {
  /// Asks once, on a connection of its own; nil when there is no answer in time, or none that is right.
  static func ask(
    _ path: String, _ line: String, body: String = "", milliseconds: Int
  ) -> Answer? {
    guard let peer = Peer.connect(path: path) else { return nil }
    let request =
      "\(line) HTTP/1.1\r\nHost: lbd\r\nConnection: close\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    guard peer.send(Array(request.utf8)) else { return nil }
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while true {
      let reading = try? Answer.read(
        peer.received, from: 0, isHead: false, isEnded: peer.end == .ended)
      if case .whole(let answer, _) = reading { return answer }
      guard peer.end == nil, Clock.now() < deadline else { return nil }
      _ = peer.receive(milliseconds: 100)
    }
  }
}
