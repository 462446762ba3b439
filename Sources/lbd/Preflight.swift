// Whether all that a start opens can be opened, found out by trying each, and without taking anything from
// an lbd that runs. `lbd -t` asks before a start, and a start that failed asks for what else is in its way.

import Configuration
import ControlServer
import Glibc
import LinuxIO
import Telemetry

/// What stands in the way of a start.
struct Preflight {
  /// Each would end a start, in the same words.
  private(set) var obstacles: [String] = []
  /// What a start would be refused for now, but not where it follows the lbd that runs.
  private(set) var notes: [String] = []

  /// The lbd of this conf that runs: its addresses are taken by it, and free for who follows it.
  private let running: Running?

  /// Who answers at the control socket.
  private struct Running {
    /// Nil where this process cannot see it.
    let pid: Int32?

    /// Nil where nobody answers, or another program than lbd.
    init?(at path: String) {
      guard let address = SocketAddress(path: path) else { return nil }
      switch Socket.connect(address) {
      case .connected(let socket):
        pid = Socket.peerProcess(socket)
        if let pid, let name = ProcessTable.name(of: pid), name != "lbd" { return nil }
      case .connecting: return nil
      case .failed: return nil
      }
    }

    /// Whether it has a socket; nil where this user may not know.
    func has(_ inode: UInt64) -> Bool? {
      pid.flatMap { ProcessTable.holds($0, socket: inode) }
    }
  }

  /// Looks at all that the conf names. Nothing is left open or made.
  init(_ configuration: Configuration) {
    running = Running(at: configuration.control)
    lookAtListener(configuration)
    lookAtMetrics(configuration.metrics.listen)
    lookAtSocket(configuration.control, .control)
    lookAtAccessLog(configuration.log.access)
    lookAtDescriptors(configuration)
    lookAtReplicas(configuration)
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

  private mutating func lookAtMetrics(_ listen: ReplicaAddress?) {
    switch listen {
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
      guard error.code == EADDRINUSE, let running else { return refuse(failure(error)) }
      let holders = TCPEntry.all().filter { $0.keeps(address) }
      if holders.isEmpty { refuse(failure(error)) }
      for entry in holders {
        switch running.has(entry.inode) {
        case true: break
        case false: return refuse(failure(error))
        case nil:
          notes.append(
            "\(address) is taken, perhaps by the lbd that runs: only root can see by whom")
        }
      }
    }
  }

  // MARK: Paths

  private mutating func lookAtSocket(_ path: String, _ purpose: ControlListener.Purpose) {
    do throws(StartFailure) {
      try ControlListener.check(path, purpose, besides: running?.pid)
    } catch {
      // Where the lbd that runs cannot be seen, it may be the one that answers.
      if running == nil || running?.pid != nil { refuse(error) }
    }
  }

  private mutating func lookAtAccessLog(_ target: AccessTarget) {
    do throws(StartFailure) {
      try AccessLog.check(target)
    } catch {
      refuse(error)
    }
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
    let own = OwnListeners(
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
