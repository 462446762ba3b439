// Where clients connect to, and who made that socket: a socket unit, lbd before its restart, or lbd
// now, at the conf's host and main_port.

import Configuration
import Glibc
import LinuxIO

/// The listener that the workers share, and where it came from.
struct MainListener: ~Copyable {
  enum Origin: Equatable {
    /// Made now, where the conf says.
    case conf
    /// Held by the service manager since lbd last ran, where the conf says.
    case kept
    /// Passed by a socket unit of this name: host and main_port do not count.
    case passed(String)

    /// host and main_port count.
    var isConf: Bool { if case .passed = self { false } else { true } }

    /// What the next lbd is told of it, as `init(word:)` reads it: one that was made or kept is the conf's.
    var word: String { if case .passed(let name) = self { "passed:\(name)" } else { "conf" } }

    init(word: String) {
      let mark = "passed:"
      self = word.hasPrefix(mark) ? .passed(String(word.dropFirst(mark.count))) : .conf
    }
  }

  /// What it holds of an earlier lbd's gives way to this one.
  static func replace(_ listener: borrowing Descriptor, by manager: ServiceManager) {
    manager.release(keptName)
    keep(listener, by: manager)
  }

  /// What the service manager calls the one that it holds.
  private static let keptName = "kept-listener"

  let descriptor: Descriptor
  let address: SocketAddress
  let origin: Origin

  private init(_ descriptor: consuming Descriptor, at address: SocketAddress, _ origin: Origin) {
    self.descriptor = descriptor
    self.address = address
    self.origin = origin
  }

  /// Takes what was passed to this process, else listens where the conf says. What was passed and
  /// is of no use is refused: a unit that is wrong stays so.
  static func open(
    _ configuration: Configuration, _ environment: [String: String], _ manager: ServiceManager
  ) throws(StartFailure) -> MainListener {
    guard let sockets = PassedSockets(environment: environment) else {
      throw StartFailure("LISTEN_PID or LISTEN_FDS is no number", status: Main.badConf)
    }
    let hasKept = sockets.entries.contains { $0.name == keptName }
    if let listener = try take(sockets, configuration) {
      if hasKept && listener.origin != .kept { manager.release(keptName) }
      return listener
    }
    // Where another address of the same port is wanted, the kept one is in the way until it is gone.
    if hasKept { manager.release(keptName) }
    let wanted = try address(configuration)
    let descriptor = try listen(wanted, patience: hasKept ? 40 : 0)
    manager.keep(descriptor, as: keptName)
    return MainListener(descriptor, at: wanted, .conf)
  }

  /// What a unit has passed, else what the manager has kept if it is where the conf says; the rest is
  /// closed.
  private static func take(
    _ sockets: consuming PassedSockets, _ configuration: Configuration
  ) throws(StartFailure) -> MainListener? {
    let passed = sockets.entries.filter { $0.name != keptName }
    if let entry = try only(of: passed), let address = PassedSockets.address(of: entry) {
      return MainListener(sockets.takeListener(entry), at: address, .passed(entry.name))
    }
    guard let kept = sockets.entries.first(where: { $0.name == keptName }),
      PassedSockets.flaw(of: kept) == nil, let address = PassedSockets.address(of: kept),
      address == (try self.address(configuration))
    else { return nil }
    return MainListener(sockets.takeListener(kept), at: address, .kept)
  }

  /// Has the manager hold a listener of the conf's.
  static func keep(_ listener: borrowing Descriptor, by manager: ServiceManager) {
    manager.keep(listener, as: keptName)
  }

  /// Has it close what it holds of them, and waits a little for that: as long as it has not, clients
  /// can connect there and nobody accepts.
  static func release(by manager: ServiceManager) {
    manager.release(keptName)
    manager.settle(milliseconds: 1000)
  }

  /// Gives the socket to its next owner.
  consuming func take() -> Descriptor { descriptor }

  /// The one socket that a unit may pass.
  private static func only(
    of passed: [PassedSockets.Entry]
  ) throws(StartFailure) -> PassedSockets.Entry? {
    for entry in passed {
      guard let flaw = PassedSockets.flaw(of: entry) else { continue }
      throw StartFailure(
        "descriptor \(entry.number), passed as \(entry.name), \(flaw); lbd takes one TCP socket that"
          + " listens, as lbd.socket has it", status: Main.badConf)
    }
    guard passed.count < 2 else {
      let names = passed.map(\.name).joined(separator: ", ")
      throw StartFailure(
        "\(passed.count) sockets were passed (\(names)) and lbd takes one; leave one ListenStream=",
        status: Main.badConf)
    }
    return passed.first
  }

  /// Where the conf says.
  static func address(
    _ configuration: Configuration
  ) throws(StartFailure) -> SocketAddress {
    let (host, port) = (configuration.host, configuration.mainPort)
    guard let address = SocketAddress.resolve(host, port: port).first else {
      throw StartFailure("cannot listen on \(host): the name does not resolve; write an address")
    }
    return address
  }

  /// - Parameter patience: how often an address that is taken is tried again, over 50 ms each.
  private static func listen(
    _ address: SocketAddress, patience: Int
  ) throws(StartFailure) -> Descriptor {
    do throws(SystemError) {
      return try Socket.listen(address)
    } catch {
      if patience > 0 && error.code == EADDRINUSE {
        Clock.sleep(milliseconds: 50)
        return try listen(address, patience: patience - 1)
      }
      throw failure(address, error)
    }
  }

  /// Why nobody can listen there.
  static func failure(_ address: SocketAddress, _ error: SystemError) -> StartFailure {
    StartFailure(listening: address, error, port: "main_port in [lbd]", host: "host in [lbd]")
  }
}
