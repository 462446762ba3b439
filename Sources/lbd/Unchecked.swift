// What a check of a conf leaves open: `lbctl reload --dry-run` opens nothing, so that whether something can be
// opened is only known at the reload itself; whether a name resolves, `lbd -t` does not know either.

import Configuration
import LinuxIO

/// Lines that say what was not checked.
enum Unchecked {
  /// Names that have a line of their own.
  private static let most = 8

  static func listener(of configuration: Configuration) -> String {
    let address = ReplicaAddress.host(configuration.host, port: configuration.mainPort)
    return "not checked: whether \(address) can be listened on (host and main_port in [lbd])"
  }

  static func metrics(_ address: ReplicaAddress) -> String {
    "not checked: whether \(address) can be listened on (listen in [metrics])"
  }

  static func control(_ path: String) -> String {
    "not checked: whether the control socket \(path) can be made (control in [lbd])"
  }

  static func accessLog(_ path: String) -> String {
    "not checked: whether the access log \(path) can be opened (access in [log])"
  }

  /// Of replicas whose names have to be looked up.
  static func names(of replicas: [ReplicaConfiguration]) -> [String] {
    let named = replicas.compactMap { replica -> String? in
      guard case .host(let host, let port) = replica.address,
        SocketAddress(ip: host, port: port) == nil
      else { return nil }
      return "not checked: whether \(host) (replica \(replica.name)) resolves"
    }
    let more = named.count - most
    return more <= 0 ? named : named.prefix(most) + ["not checked: \(more) more names"]
  }
}
