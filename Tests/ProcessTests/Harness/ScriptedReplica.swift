// A replica that says what a test wants it to say, byte for byte, right or wrong.

import LinuxIO
import Synchronization
import TestSupport

/// A raw server on a port of its own. It answers probes by itself (`GET /health`) and hands every
/// other request to its script; each connection has a thread.
final class ScriptedReplica: Sendable {
  /// What becomes of the connection after a request.
  enum Next { case keep, close, reset }

  typealias Script = @Sendable (_ request: String, _ connection: Connection) throws -> Next

  /// What ends the thread that accepts, which must not keep the replica alive.
  private final class Bell: Sendable {
    let wakeUp: WakeUp
    /// It has ended, and the listener is closed.
    let ended = Gate()
    init() throws { wakeUp = try WakeUp() }
  }

  let port: UInt16
  private let bell: Bell
  private let keepsRequests: Bool
  private let log = Mutex<[String]>([])
  private let accepted = Mutex(0)
  /// Connections with requests that were closed.
  let closed = Counter()

  /// - Parameters:
  ///   - host: where it listens.
  ///   - port: one that was reserved for it; any when it is 0.
  ///   - keepsRequests: whether `requests` is wanted, which holds every one for good.
  init(
    host: String = "127.0.0.1", port: UInt16 = 0, keepsRequests: Bool = true,
    _ script: @escaping Script
  ) throws {
    guard let address = SocketAddress(ip: host, port: port) else {
      throw TestFailure("no address")
    }
    let listener = try Socket.listen(address)
    self.port = Socket.localAddress(listener)?.port ?? 0
    self.keepsRequests = keepsRequests
    let bell = try Bell()
    self.bell = bell
    let held = Mutex(Optional(listener))
    _ = try Thread.start("scripted") { [weak self] in
      if let listener = held.withLock({ $0.take() }) {
        while listener.wait(until: .readable, or: bell.wakeUp, milliseconds: -1) == .ready {
          guard case .accepted(let descriptor, _) = Socket.accept(listener) else { continue }
          self?.serve(descriptor, script)
        }
      }
      bell.ended.open()
    }
  }

  deinit { bell.wakeUp.ring() }

  /// The requests so far, without probes.
  var requests: [String] { log.withLock { $0 } }
  /// The connections on which requests came.
  var connections: Int { accepted.withLock { $0 } }

  /// Closes the listener: connections are refused from now on.
  func stop() throws {
    bell.wakeUp.ring()
    try bell.ended.wait()
  }

  private func serve(_ descriptor: consuming Descriptor, _ script: @escaping Script) {
    let held = Mutex(Optional(descriptor))
    let thread = try? Thread.start("scripted") { [weak self] in
      guard let descriptor = held.withLock({ $0.take() }) else { return }
      guard self?.converse(Connection(descriptor), script) == true else { return }
      self?.closed.add()
    }
    thread?.detach()
  }

  /// Answers requests until one ends the connection. True when there was one.
  private func converse(_ connection: consuming Connection, _ script: Script) -> Bool {
    connection.patience = 60_000
    var isCounted = false
    while let request = try? connection.request() {
      if request.hasPrefix("GET /health ") {
        try? connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return false
      }
      if keepsRequests { log.withLock { $0.append(request) } }
      if !isCounted { accepted.withLock { $0 += 1 } }
      isCounted = true
      switch (try? script(request, connection)) ?? .close {
      case .keep: continue
      case .close: return true
      case .reset:
        connection.resetOnClose()
        return true
      }
    }
    return isCounted
  }
}
