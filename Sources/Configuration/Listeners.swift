/// Where lbd itself listens, and which addresses lead there, as far as text can tell.
///
/// The validator finds two listeners at one address and replicas that are lbd itself; lbd asks for what
/// comes later, by `lbctl add`. What a name resolves to, and which addresses a machine has, is not known
/// here.

/// One of lbd's own listeners, as a conf names it.
package struct OwnListener: Sendable, Equatable {
  /// What sets it, such as `main_port`.
  package let key: String
  package let address: ReplicaAddress
}

extension Configuration {
  /// Where lbd listens: the main listener, the metrics', the control socket.
  package var listeners: [OwnListener] {
    var listeners = [OwnListener(key: "main_port", address: .host(host, port: mainPort))]
    if let address = metrics.listen {
      listeners.append(OwnListener(key: "[metrics] listen", address: address))
    }
    listeners.append(OwnListener(key: "control", address: .unix(control)))
    return listeners
  }

  /// The listener that a connection to an address would reach; nil where text tells of none.
  package func listener(behind address: ReplicaAddress) -> OwnListener? {
    listeners.first { address.leads(to: $0.address) }
  }
}

extension ReplicaAddress {
  /// The same address with another port; a Unix socket has none.
  package func at(port: UInt16) -> ReplicaAddress {
    guard case .host(let host, _) = self else { return self }
    return .host(host, port: port)
  }

  /// Whether a connection to this address reaches who listens at another one.
  package func leads(to own: ReplicaAddress) -> Bool {
    switch (self, own) {
    case (.unix(let path), .unix(let other)):
      ReplicaAddress.plain(path) == ReplicaAddress.plain(other)
    case (.host(let host, let port), .host(let other, let otherPort)) where port == otherPort:
      HostName.leads(HostName.unmapped(host), to: HostName.unmapped(other))
    default: false
    }
  }

  /// Whether two listeners at these addresses would be in each other's way.
  package func collides(with other: ReplicaAddress) -> Bool {
    switch (self, other) {
    case (.unix(let path), .unix(let other)):
      ReplicaAddress.plain(path) == ReplicaAddress.plain(other)
    case (.host(let host, let port), .host(let other, let otherPort)) where port == otherPort:
      HostName.overlap(HostName.unmapped(host), HostName.unmapped(other))
    default: false
    }
  }

  /// A path without the parts that lead nowhere.
  private static func plain(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }
}

extension HostName {
  /// An IPv4 address that is written as IPv6, `::ffff:127.0.0.1`, as the IPv4 address that it is.
  static func unmapped(_ host: String) -> String { IPv6Address(host)?.mappedIPv4 ?? host }

  /// Whether a connection to a host reaches a listener at another, at one port.
  fileprivate static func leads(_ host: String, to own: String) -> Bool {
    if host == own { return true }
    // A connection to the wildcard is one to the loopback.
    guard isLoopback(host) || isWildcard(host) else { return false }
    if isWildcard(own) || isWildcard(host) { return isWildcard(own) || isLoopback(own) }
    return isLoopback(own) && (host == "localhost" || own == "localhost")
  }

  /// Whether two hosts cannot be listened on at one port.
  fileprivate static func overlap(_ one: String, _ other: String) -> Bool {
    if one == other || one == "::" || other == "::" { return true }
    for (wide, host) in [(one, other), (other, one)] {
      // A wildcard of IPv4 leaves addresses of IPv6 alone. A name may be either.
      if wide == "0.0.0.0" && (host == "localhost" || !host.utf8.contains(.colon)) { return true }
      if wide == "localhost" && host == "127.0.0.1" { return true }
    }
    return false
  }
}

// MARK: Validation

extension Binder {
  /// Two listeners at one address: only one of them could be opened.
  mutating func checkListeners() {
    let listeners = soundListeners
    for (index, listener) in listeners.enumerated() where listener.key == "[metrics] listen" {
      for (otherIndex, other) in listeners.enumerated()
      where otherIndex != index && listener.address.collides(with: other.address) {
        guard let value = sections["[metrics]"]?.settings["listen"]?.valueLocation else { continue }
        diagnostics.add(
          value,
          "\(clipped(listener.address.description)) is where \(other.key) in [lbd] has lbd listen "
            + "already, choose another \(listener.address.isPath ? "path" : "port")")
      }
    }
  }

  /// Replicas, or probes of them, that would reach lbd itself.
  mutating func checkLoop(
    _ named: [ReplicaConfiguration], _ ports: SourceLocation?, _ whole: [BoundReplica]
  ) {
    let listeners = soundListeners
    func listener(behind address: ReplicaAddress) -> OwnListener? {
      listeners.first { address.leads(to: $0.address) }
    }
    for replica in named {
      guard let ports, let own = listener(behind: replica.address) else { continue }
      diagnostics.add(ports, Binder.loop(own))
      break
    }
    for bound in whole {
      guard let own = listener(behind: bound.replica.address) else { continue }
      let location = bound.section.settings["address"]?.valueLocation ?? bound.section.location
      diagnostics.add(location, Binder.loop(own))
    }
    guard let port = configuration.health.port,
      let location = sections["[health]"]?.settings["port"]?.valueLocation
    else { return }
    let probed = named.map(\.address) + whole.map(\.replica.address)
    guard let own = probed.lazy.compactMap({ listener(behind: $0.at(port: port)) }).first else {
      return
    }
    if case .host = own.address {
      diagnostics.add(
        location, "\(port) is \(own.key), lbd would probe itself: choose another port")
    }
  }

  /// Those whose values are not refused.
  private var soundListeners: [OwnListener] {
    let (lbd, metrics) = (sections["[lbd]"]?.failed ?? [], sections["[metrics]"]?.failed ?? [])
    return configuration.listeners.filter { listener in
      switch listener.key {
      case "main_port": !lbd.contains("host") && !lbd.contains("main_port")
      case "control": !lbd.contains("control")
      default: !metrics.contains("listen")
      }
    }
  }

  private static func loop(_ own: OwnListener) -> String {
    switch own.address {
    case .host(_, let port):
      "\(port) is \(own.key), lbd would be its own replica: choose another port"
    case .unix(let path):
      "\(clipped(path)) is \(own.key), lbd would be its own replica: choose another path"
    }
  }
}

extension ReplicaAddress {
  var isPath: Bool { if case .unix = self { true } else { false } }
}
