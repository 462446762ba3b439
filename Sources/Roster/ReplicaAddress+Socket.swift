// Where a replica of the conf is, as the kernel takes it.

package import Configuration
package import LinuxIO

extension ReplicaAddress {
  /// The address where its text is one; nil for a name, which has to be looked up.
  package var socketAddress: SocketAddress? {
    switch self {
    case .host(let host, let port): SocketAddress(ip: host, port: port)
    case .unix(let path): SocketAddress(path: path)
    }
  }
}
