// Where lbd itself listens, as the kernel has it: a replica there would be lbd, and each request would go
// round in it. What the conf's text can tell it has refused already (`Listeners` in Configuration); here are
// sockets that were passed, addresses of this machine's other interfaces, links, and names that resolve to
// one of these.

import Configuration
import ControlProtocol
import LinuxIO
import Roster

/// lbd's own listeners.
struct OwnListeners {
  private let listeners: [(key: String, address: SocketAddress)]

  init(main: SocketAddress?, metrics: ReplicaAddress?, control: String) {
    var listeners: [(String, SocketAddress)] = []
    if let main { listeners.append(("main_port", main)) }
    switch metrics {
    case .host(let host, let port):
      let ip = host == "localhost" ? "127.0.0.1" : host
      if let address = SocketAddress(ip: ip, port: port) {
        listeners.append(("[metrics] listen", address))
      }
    case .unix(let path):
      if let address = SocketAddress(path: path) { listeners.append(("[metrics] listen", address)) }
    case .none: break
    }
    if let address = SocketAddress(path: control) { listeners.append(("control", address)) }
    self.listeners = listeners
  }

  /// What sets the listener that a connection to an address would reach; nil where there is none.
  func key(at address: SocketAddress) -> String? {
    listeners.first { OwnListeners.leads(address, to: $0.address) }?.key
  }

  private static func leads(_ address: SocketAddress, to own: SocketAddress) -> Bool {
    if address.isUnix || own.isUnix {
      guard address.isUnix && own.isUnix else { return false }
      // Links lead there too.
      return address == own || Files.isSame(address.host, own.host)
    }
    guard address.port == own.port, let ip = address.ip?.unmapped, let ownIP = own.ip else {
      return false
    }
    if ip == ownIP.unmapped { return true }
    // The wildcard of IPv6 takes connections of IPv4 too, that of IPv4 none of IPv6.
    if ownIP.isWildcard { return (ownIP.isIPv6 || !ip.isIPv6) && Interfaces.isLocal(ip) }
    return ip.isWildcard && ownIP.unmapped.isLoopback && ip.isIPv6 == ownIP.unmapped.isIPv6
  }
}

extension Daemon {
  var ownListeners: OwnListeners {
    // Before a takeover it is where the conf says.
    let main =
      listenerAddress ?? SocketAddress(ip: configuration.host, port: configuration.mainPort)
    return OwnListeners(
      main: main, metrics: configuration.metrics.listen, control: configuration.control)
  }

  /// Why none of these replicas can be one: it is lbd itself. Nil where all can.
  static func loop(_ replicas: [ReplicaConfiguration], _ own: OwnListeners) -> StartFailure? {
    for replica in replicas {
      guard let address = replica.address.socketAddress, let key = own.key(at: address) else {
        continue
      }
      return StartFailure(
        "replica \(replica.name) (\(replica.address)) is where \(key) has lbd itself listen: it would"
          + " be its own replica", status: Main.badConf)
    }
    return nil
  }

  /// Why an address cannot be added as a replica; nil where it can.
  func refusalToAdd(_ address: ReplicaAddress) -> String? {
    var key = listenerOrigin.isConf ? configuration.listener(behind: address)?.key : nil
    if key == nil, let address = address.socketAddress { key = ownListeners.key(at: address) }
    return key.map {
      "\(address) is where \($0) has lbd itself listen: it would be its own replica"
    }
  }
}
