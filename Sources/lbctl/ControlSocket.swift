// Where lbd's control socket is, and what to say when it does not answer there.

import ControlProtocol
import Glibc
import LinuxIO

/// The control socket that a command talks to.
struct ControlSocket: Equatable {
  let path: String
  /// The paths that were looked at: one where somebody named it.
  let paths: [String]

  /// Somebody named it, so no other path was looked at.
  private var isNamed: Bool { paths.count == 1 }

  private init(path: String, paths: [String]) {
    self.path = path
    self.paths = paths
  }

  init(named path: String) {
    self.init(path: path, paths: [path])
  }

  /// Chooses by the option, then the environment; else the first path at which an lbd answers, or
  /// where at least something is.
  static func choose(
    option: String?, environment: [String: String], exists: (String) -> Bool,
    answers: (String) -> Bool
  ) -> ControlSocket {
    if let option { return ControlSocket(named: option) }
    if let named = environment["LBD_SOCKET"], !named.isEmpty { return ControlSocket(named: named) }
    let paths = ControlSocketPaths.all(environment: environment)
    let present = paths.filter(exists)
    // Of one alone there is nothing to ask.
    let path = present.count == 1 ? present[0] : present.first(where: answers) ?? present.first
    return ControlSocket(path: path ?? ControlSocketPaths.local, paths: paths)
  }

  /// Whether somebody listens there.
  static func isAnswering(_ path: String) -> Bool {
    guard let address = SocketAddress(path: path) else { return false }
    switch Socket.connect(address) {
    case .connected: return true
    case .connecting: return true
    case .failed(let code): return code == EAGAIN
    }
  }

  /// Whether lbctl asks the process of this user that listens there: root's, its own user's, or, at a path
  /// that was named or is the system's, that of the user to whom root has given the directory. What lies
  /// in the directory that lbctl happens to run in may be anybody's.
  func trusts(_ user: UInt32?) -> Bool {
    guard let user else { return false }
    if user == 0 || user == geteuid() { return true }
    return (isNamed || path == ControlSocketPaths.system) && Files.appointedOwner(of: path) == user
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
      let list =
        paths.count > 1
        ? paths.dropLast().joined(separator: ", ") + " or \(paths[paths.count - 1])" : path
      return Failure(
        .notRunning, "lbd is not running (no socket at \(list)); \(ControlSocket.advice)")
    case ECONNREFUSED:
      return Failure(
        .notRunning,
        "lbd is not running (\(path): connection refused, a socket that is left over); "
          + ControlSocket.advice)
    case EACCES, EPERM:
      return Failure(.failed, "\(path): permission denied; join the group lbd or use sudo")
    default:
      return Failure(.failed, "\(path): \(SystemError.text(code))")
    }
  }

  private static let advice =
    "start it with \"make up\" or \"systemctl start lbd\", or name its socket with --socket"
}
