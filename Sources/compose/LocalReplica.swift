// A replica that can be a process here: an address of this machine.

import Configuration

/// A local replica, known by its host and port. A demo replica has one TCP address, so one behind a
/// Unix socket, like one elsewhere, is somebody else's to run.
struct LocalReplica: Hashable {
  let host: String
  let port: UInt16

  /// Nil when the address is not of this machine, as far as its text tells.
  /// - Parameter home: lbd's own host, which may be an address of a network that reaches here.
  init?(_ address: ReplicaAddress, home: String) {
    guard case .host(let host, let port) = address, address.isLoopback || host == home else {
      return nil
    }
    self.init(host: host, port: port)
  }

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  var address: ReplicaAddress { .host(host, port: port) }

  // MARK: The name of its process

  private static let prefix = "replicad-"

  /// `replicad-8081`, or `replicad-127.0.0.2-8081` away from lbd's own host.
  func name(home: String) -> String {
    LocalReplica.prefix + (host == home ? "\(port)" : "\(host)-\(port)")
  }

  /// The replica whose process has this name; nil for a name of anything else.
  init?(name: String, home: String) {
    guard name.hasPrefix(LocalReplica.prefix) else { return nil }
    let rest = name.dropFirst(LocalReplica.prefix.count)
    let dash = rest.lastIndex(of: "-")
    let digits = dash.map { rest[rest.index(after: $0)...] } ?? rest
    guard let port = UInt16(digits) else { return nil }
    self.init(host: dash.map { String(rest[..<$0]) } ?? home, port: port)
  }
}

/// By port, then by host: the order of a table.
extension LocalReplica: Comparable {
  static func < (left: LocalReplica, right: LocalReplica) -> Bool {
    (left.port, left.host) < (right.port, right.host)
  }
}
