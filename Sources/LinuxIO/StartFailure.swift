// Why a program could not start. Thrown by whatever opens what a start needs, and printed as it is.

import Glibc

/// Why lbd could not start, in one line that says what to do.
package struct StartFailure: Error {
  package let line: String
  /// What lbd exits with.
  package let status: Int32

  package init(_ line: String, status: Int32 = 1) {
    self.line = line
    self.status = status
  }

  /// An address that cannot be listened on.
  /// - Parameter port: what sets it in the conf.
  package init(
    listening address: SocketAddress, _ error: SystemError, port: String, host: String? = nil
  ) {
    let advice =
      switch error.code {
      case EADDRINUSE: "stop what listens there (ss -ltnp) or set another \(port)"
      case EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE"
      case EADDRNOTAVAIL: "no interface here has this address; set another \(host ?? port)"
      default: "see \(port)"
      }
    self.init("cannot listen on \(address): \(error.reason); \(advice)")
  }
}
