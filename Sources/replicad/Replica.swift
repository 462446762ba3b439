// What all threads of this process share: how the replica is to behave, whether it is healthy,
// whether it is stopping, and how many connections are open.

import LinuxIO
import Synchronization

/// The shared state of one replica. Any thread may use any call.
final class Replica: Sendable {
  let options: Options
  /// The port it listens on, which the kernel may have chosen.
  let port: UInt16
  /// Rung once, at the first TERM, and never cleared: it ends the wait of every idle connection.
  let stop: WakeUp
  /// Rung at each connection's end while stopping.
  let left: WakeUp
  /// Where requests are recorded.
  let recorder: Recorder?
  private let healthy: Atomic<Bool>
  private let stopping = Atomic<Bool>(false)
  private let connections = Atomic<Int>(0)

  init(_ options: Options, port: UInt16) throws(SystemError) {
    self.options = options
    self.port = port
    switch options.record {
    case .some(let path): recorder = try Recorder(path)
    case .none: recorder = nil
    }
    stop = try WakeUp()
    left = try WakeUp()
    healthy = Atomic(options.startsHealthy)
  }

  var isHealthy: Bool { healthy.load(ordering: .relaxed) }
  var isStopping: Bool { stopping.load(ordering: .acquiring) }
  /// Connections that are open now.
  var open: Int { connections.load(ordering: .acquiring) }

  /// Turns healthy to unhealthy and back; what it is now. Only the main thread calls it.
  func toggleHealth() -> Bool {
    let isNow = !isHealthy
    healthy.store(isNow, ordering: .relaxed)
    return isNow
  }

  /// Answers say `Connection: close` from now on, and idle connections close.
  func beginStop() {
    stopping.store(true, ordering: .releasing)
    stop.ring()
  }

  func connectionBegins() {
    connections.add(1, ordering: .acquiringAndReleasing)
  }

  func connectionEnds() {
    connections.subtract(1, ordering: .acquiringAndReleasing)
    if isStopping { left.ring() }
  }
}
