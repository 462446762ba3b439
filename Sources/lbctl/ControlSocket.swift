// Where lbd's control socket is, and what to say when it does not answer there.

import CommandText
import Glibc
import LinuxIO

/// The control socket that a command talks to.
struct ControlSocket: Equatable {
  static let system = "/run/lbd/lbd.sock"
  static let local = "run/lbd.sock"

  let path: String
  /// Somebody named it, so no other place was looked at.
  let isNamed: Bool

  /// Chooses by the option, then the environment, then what is there.
  static func choose(
    option: String?, environment: [String: String], exists: (String) -> Bool
  ) -> ControlSocket {
    if let option { return ControlSocket(path: option, isNamed: true) }
    if let named = environment["LBD_SOCKET"], !named.isEmpty {
      return ControlSocket(path: named, isNamed: true)
    }
    return ControlSocket(path: exists(system) ? system : local, isNamed: false)
  }

  /// Whether lbctl asks the process of this user that listens there: root's, its own user's, or, at a path
  /// that was named or is the system's, that of the user to whom root has given the directory. What lies
  /// in the directory that lbctl happens to run in may be anybody's.
  func trusts(_ user: UInt32?) -> Bool {
    guard let user else { return false }
    if user == 0 || user == geteuid() { return true }
    return (isNamed || path == ControlSocket.system) && Files.appointedOwner(of: path) == user
  }

  /// What it says of one that it does not ask.
  func distrust(of user: UInt32?) -> Failure {
    let name = user.map { "user \($0)" } ?? "an unknown user"
    let remedy = user.map { "; to ask it as that user: sudo -u '#\($0)' lbctl" } ?? ""
    return Failure(
      .failed,
      "\(path): not asked, since it is \(name) who listens there, not root, not"
        + " you, and nobody to whom root gave the directory\(remedy)")
  }

  /// What a connection that failed with this `errno` means.
  func failure(connecting code: Int32) -> Failure {
    switch code {
    case ENOENT, ENOTDIR:
      let places =
        isNamed ? path : "\(ControlSocket.system) or \(ControlSocket.local)"
      return Failure(
        .notRunning, "lbd is not running (no socket at \(places)); \(ControlSocket.advice)")
    case ECONNREFUSED:
      return Failure(
        .notRunning,
        "lbd is not running (\(path): connection refused, a socket that is left "
          + "over); \(ControlSocket.advice)")
    case EACCES, EPERM:
      return Failure(
        .failed,
        "\(path): permission denied; join the group lbd or use sudo")
    default:
      return Failure(.failed, "\(path): \(SystemError.text(code))")
    }
  }

  private static let advice = "start it with \"make up\" or \"systemctl start lbd\""
}
