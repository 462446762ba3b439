// Where a run takes place: what all its threads know of each other.

import LinuxIO
import Synchronization

/// Shared by all threads of a run.
final class Scene: Sendable {
  let seed: UInt64
  let ledger: Ledger
  /// Everything that the run writes is in here.
  let directory: String
  /// Where lbd listens, now and then the other one.
  let ports: [UInt16]
  let metricsPort: UInt16
  /// Where the real replicas listen.
  let replicaPorts: [UInt16]
  /// Of addresses 127.0.x.y, this x is the trusted proxies'.
  static let trustedNetwork = 7
  /// Connections that one attacker may hold at once, and all of them together.
  static let crowd = 30
  private static let most = 300

  private let quiet = Atomic(true)
  private let current = Atomic(0)
  private let cases = Atomic<UInt64>(0)
  private let held = Atomic(0)
  private let beats = Mutex<[String: UInt64]>([:])
  private let takingOver = Atomic(false)

  init(
    seed: UInt64, ledger: Ledger, directory: String, ports: [UInt16], metricsPort: UInt16,
    replicaPorts: [UInt16]
  ) {
    (self.seed, self.ledger, self.directory) = (seed, ledger, directory)
    (self.ports, self.metricsPort) = (ports, metricsPort)
    self.replicaPorts = replicaPorts
  }

  var confPath: String { "\(directory)/lb.conf" }
  var socketPath: String { "\(directory)/lbd.sock" }
  var statePath: String { "\(directory)/lbd.state" }
  var accessPath: String { "\(directory)/access.log" }

  // MARK: The round

  /// No new attack begins.
  var isQuiet: Bool { quiet.load(ordering: .acquiring) || ledger.isOver }
  func begin() { quiet.store(false, ordering: .releasing) }
  func calm() { quiet.store(true, ordering: .releasing) }

  /// Numbers the cases: each has random numbers of its own, whoever carries it out.
  func nextCase() -> UInt64 { cases.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Where lbd is to be reached now.
  var port: UInt16 { ports[current.load(ordering: .acquiring)] }
  var portIndex: Int { current.load(ordering: .acquiring) }
  func use(port index: Int) { current.store(index, ordering: .releasing) }

  /// Nobody but the next lbd may ask for the listener now.
  var isTakingOver: Bool { takingOver.load(ordering: .acquiring) }
  func setTakingOver(_ isSo: Bool) { takingOver.store(isSo, ordering: .releasing) }

  /// Takes room for connections, at most so many; gives how many.
  func reserve(_ wanted: Int) -> Int {
    let before = held.wrappingAdd(wanted, ordering: .acquiringAndReleasing).oldValue
    let granted = max(0, min(wanted, Scene.most - before))
    held.wrappingSubtract(wanted - granted, ordering: .acquiringAndReleasing)
    return granted
  }

  func giveBack(_ count: Int) { held.wrappingSubtract(count, ordering: .acquiringAndReleasing) }

  // MARK: Signs of life

  /// A thread does something, and says so again before long.
  func beat(_ who: String) { beats.withLock { $0[who] = Clock.now() } }
  func rest(_ who: String) { beats.withLock { $0[who] = nil } }

  /// Who has not been heard of for so many seconds.
  func silent(seconds: UInt64) -> String? {
    let before = Clock.now() - seconds * 1_000_000_000
    return beats.withLock { beats in beats.first { $0.value < before }?.key }
  }
}
