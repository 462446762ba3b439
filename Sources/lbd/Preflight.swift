// Whether all that a start opens can be opened, found out by trying each, and without taking anything from
// an lbd that runs. `lbd -t` asks before a start, and a start that failed asks for what else is in its way.

import Configuration
import Glibc
import LinuxIO

/// What stands in the way of a start.
struct Preflight {
  /// Each would end a start, in the same words.
  private(set) var obstacles: [String] = []
  /// What a start would be refused for now, but not where it follows the lbd that runs.
  private(set) var notes: [String] = []

  /// An lbd of this conf runs: its addresses are taken by it, and free for who follows it.
  private let isRunning: Bool

  /// Looks at all that the conf names. Nothing is left open or made.
  init(_ configuration: Configuration) {
    isRunning = Preflight.isAnswering(configuration.control)
    lookAtListener(configuration)
    lookAtMetrics(configuration.metrics.listen)
    lookAtSocket(configuration.control, .control)
    lookAtAccessLog(configuration.log.access)
    lookAtDescriptors(configuration)
    lookAtReplicas(configuration)
  }

  private static func isAnswering(_ path: String) -> Bool {
    guard let address = SocketAddress(path: path) else { return false }
    switch Socket.connect(address) {
    case .connected: return true
    case .connecting: return true
    case .failed: return false
    }
  }

  private mutating func refuse(_ failure: StartFailure) {
    if !obstacles.contains(failure.line) { obstacles.append(failure.line) }
  }

  // MARK: Addresses

  private mutating func lookAtListener(_ configuration: Configuration) {
    do throws(StartFailure) {
      let address = try MainListener.address(configuration)
      tryListening(address) { MainListener.failure(address, $0) }
    } catch {
      refuse(error)
    }
  }

  private mutating func lookAtMetrics(_ place: ReplicaAddress?) {
    switch place {
    case .none: break
    case .unix(let path): lookAtSocket(path, .metrics)
    case .host(let host, let port):
      let ip = host == "localhost" ? "127.0.0.1" : host
      guard let address = SocketAddress(ip: ip, port: port) else { return }
      tryListening(address) {
        StartFailure(listening: address, $0, port: ControlListener.Purpose.metrics.key)
      }
    }
  }

  /// Listens for a moment. What is taken stays so, whoever has it.
  private mutating func tryListening(
    _ address: SocketAddress, _ failure: (SystemError) -> StartFailure
  ) {
    do throws(SystemError) {
      _ = try Socket.listen(address, backlog: 1)
    } catch {
      // Short of descriptors nothing is known of the address.
      guard error.code != EMFILE && error.code != ENFILE else { return }
      guard error.code == EADDRINUSE else { return refuse(failure(error)) }
      let holder = Holder(of: address.port)
      if holder.mayBeLbd {
        guard !isRunning else { return }
        notes.append("\(address) is taken by \(holder.text): right for the lbd of this conf alone")
      } else {
        refuse(failure(error))
      }
    }
  }

  /// Who listens at a port, as far as this user may know.
  private struct Holder {
    let text: String
    let mayBeLbd: Bool

    init(of port: UInt16) {
      let inodes = TCPEntry.all().filter { $0.isListening && $0.localPort == port }.map(\.inode)
      guard let pid = inodes.lazy.compactMap({ ProcessTable.holder(ofSocket: $0) }).first else {
        (text, mayBeLbd) = ("a process of another user", true)
        return
      }
      let name = ProcessTable.name(of: pid) ?? "a process"
      (text, mayBeLbd) = ("\(name) (pid \(pid))", name == "lbd")
    }
  }

  // MARK: Paths

  /// A socket's path: another lbd may answer there, whose place is taken or not.
  private mutating func lookAtSocket(_ path: String, _ purpose: ControlListener.Purpose) {
    if Files.identity(path) != nil && !Files.isSocket(path) {
      return refuse(ControlListener.noSocket(path, purpose))
    }
    var directory = Files.directory(of: path)
    if ControlListener.makesDirectory(of: path) && !Files.mayExist(directory) {
      directory = Files.directory(of: directory)
    }
    if let error = Files.obstacle(toMakingIn: directory) {
      refuse(ControlListener.refusal(path, error, purpose))
    }
  }

  private mutating func lookAtAccessLog(_ target: AccessTarget) {
    guard case .path(let path) = target else { return }
    let error =
      Files.identity(path) == nil
      ? Files.obstacle(toMakingIn: Files.directory(of: path)) : Files.obstacle(toWriting: path)
    if let error { refuse(AccessLog.failure(path, error)) }
  }

  // MARK: Descriptors

  private mutating func lookAtDescriptors(_ configuration: Configuration) {
    let workers = configuration.workers ?? Thread.usableProcessors()
    do throws(StartFailure) {
      let limits = try ConnectionLimits(
        configuration, replicas: configuration.replicas.count, workers: workers)
      if let shortage = limits.shortage { notes.append(shortage) }
    } catch {
      refuse(error)
    }
  }

  // MARK: Replicas

  private mutating func lookAtReplicas(_ configuration: Configuration) {
    // One that cannot be told is an obstacle already.
    let main = try? MainListener.address(configuration)
    let own = OwnPlaces(
      main: main, metrics: configuration.metrics.listen, control: configuration.control)
    if let failure = Daemon.loop(configuration.replicas, own) { refuse(failure) }
  }
}

extension Daemon {
  /// What else is in the way of a start that has failed: all of it is mended in one go.
  static func tellFurther(_ configuration: Configuration, besides line: String) {
    for other in Preflight(configuration).obstacles where other != line {
      Console.error("lbd: \(other)")
    }
  }
}
