// A replica that says what a test wants it to say, byte for byte, right or wrong.

import LinuxIO
import Synchronization

/// A raw server on a port of its own. It answers probes by itself (`GET /health`) and hands every
/// other request to its script; each connection has a thread.
final class ScriptedReplica: Sendable {
  /// What becomes of the connection after a request.
  enum Next { case keep, close, reset }

  typealias Script = @Sendable (_ request: String, _ connection: Connection) throws -> Next

  /// What ends the thread that accepts, which must not keep the replica alive.
  private final class Bell: Sendable {
    let wakeUp: WakeUp
    init() throws { wakeUp = try WakeUp() }
  }

  let port: UInt16
  private let bell: Bell
  private let log = Mutex<[String]>([])
  private let accepted = Mutex(0)

  init(_ script: @escaping Script) throws {
    guard let any = SocketAddress(ip: "127.0.0.1", port: 0) else { throw Failure("no address") }
    let listener = try Socket.listen(any)
    port = Socket.localAddress(listener)?.port ?? 0
    let bell = try Bell()
    self.bell = bell
    let held = Mutex(Optional(listener))
    _ = try Thread.start("scripted") { [weak self] in
      guard let listener = held.withLock({ $0.take() }) else { return }
      while listener.wait(until: .readable, or: bell.wakeUp, milliseconds: -1) == .ready {
        guard case .accepted(let descriptor, _) = Socket.accept(listener) else { continue }
        self?.serve(descriptor, script)
      }
    }
  }

  deinit { bell.wakeUp.ring() }

  /// The requests so far, without probes.
  var requests: [String] { log.withLock { $0 } }
  /// The connections on which requests came.
  var connections: Int { accepted.withLock { $0 } }

  /// Closes the listener: connections are refused from now on.
  func stop() { bell.wakeUp.ring() }

  private func serve(_ descriptor: consuming Descriptor, _ script: @escaping Script) {
    let held = Mutex(Optional(descriptor))
    _ = try? Thread.start("scripted") { [weak self] in
      guard let descriptor = held.withLock({ $0.take() }) else { return }
      let connection = Connection(descriptor)
      connection.patience = 60_000
      var isCounted = false
      while let request = try? connection.request() {
        if request.hasPrefix("GET /health ") {
          try? connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
          return
        }
        self?.log.withLock { $0.append(request) }
        if !isCounted { self?.accepted.withLock { $0 += 1 } }
        isCounted = true
        switch (try? script(request, connection)) ?? .close {
        case .keep: continue
        case .close: return
        case .reset: return connection.resetOnClose()
        }
      }
    }
  }
}
