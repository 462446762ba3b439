// Files and directories of others, which only root can make.

import Foundation
import Glibc
import LinuxIO

enum Ownership {
  /// A user of no rights, which every Linux has.
  static let stranger: uid_t = 65534

  static func give(_ path: String, to user: uid_t) throws {
    // Safe: the call reads the path while it runs only.
    guard unsafe chown(path, user, user) == 0 else { throw SystemError("chown", errno) }
  }

  static func change(_ path: String, mode: mode_t) throws {
    // Safe: the call reads the path while it runs only.
    guard unsafe chmod(path, mode) == 0 else { throw SystemError("chmod", errno) }
  }

  /// A new directory of this user's, below one that only root may write to.
  static func directory(of user: uid_t, mode: mode_t = 0o755) throws -> String {
    let path = "/run/lbd-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try change(path, mode: mode)
    try give(path, to: user)
    return path
  }

  /// Starts one of the commands under test as this user, in no group but its own number's.
  static func start(as user: uid_t, group: gid_t, _ name: String, _ arguments: [String]) throws
    -> Child
  {
    let change = ["--reuid=\(user)", "--regid=\(group)", "--clear-groups"]
    return try Child("/usr/bin/setpriv", change + [try Binaries.path(name)] + arguments)
  }
}
