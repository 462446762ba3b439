// Where clients connect to, and who made that socket: a socket unit, lbd before its restart, or lbd
// now, at the conf's host and main_port.

import Configuration
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
    guard var sockets = PassedSockets(environment: environment) else {
      throw StartFailure("LISTEN_PID or LISTEN_FDS is no number", status: Main.badConf)
    }
    let kept = sockets.entries.first { $0.name == keptName }
    let passed = sockets.entries.filter { $0.name != keptName }
    if let entry = try only(of: passed), let address = PassedSockets.address(of: entry) {
      if kept != nil { manager.forget(keptName) }
      return MainListener(sockets.takeListener(entry), at: address, .passed(entry.name))
    }
    let wanted = try address(configuration)
    if let kept {
      if PassedSockets.flaw(of: kept) == nil, PassedSockets.address(of: kept) == wanted {
        return MainListener(sockets.takeListener(kept), at: wanted, .kept)
      }
      manager.forget(keptName)
    }
    let listener = MainListener(try listen(wanted), at: wanted, .conf)
    manager.keep(listener.descriptor, as: keptName)
    return listener
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

  private static func address(
    _ configuration: Configuration
  ) throws(StartFailure) -> SocketAddress {
    let (host, port) = (configuration.host, configuration.mainPort)
    guard let address = SocketAddress.resolve(host, port: port).first else {
      throw StartFailure("cannot listen on \(host): the name does not resolve; write an address")
    }
    return address
  }

  private static func listen(_ address: SocketAddress) throws(StartFailure) -> Descriptor {
    do {
      return try Socket.listen(address)
    } catch {
      throw StartFailure(
        listening: address, error, port: "main_port in [lbd]", host: "host in [lbd]")
    }
  }
}
