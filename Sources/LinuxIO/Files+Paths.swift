// Questions about paths: which file a path leads to, who owns it, and what this user may do there.

import Glibc

extension Files {
  /// What tells a file from another that has its path later.
  package struct Identity: Sendable, Equatable {
    fileprivate let device: UInt64
    fileprivate let number: UInt64
  }

  /// A path that leads to the same place from any directory, whether a file is there or not.
  package static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    // Safe: realpath gives a NUL-terminated text of its own, or nil.
    guard let directory = unsafe realpath(".", nil) else { return path }
    defer { unsafe free(directory) }
    return unsafe String(cString: directory) + "/" + path
  }

  /// Which file a path leads to, or nil.
  package static func identity(_ path: String) -> Identity? {
    var facts = stat()
    guard unsafe lstat(path, &facts) == 0 else { return nil }
    return Identity(device: UInt64(facts.st_dev), number: UInt64(facts.st_ino))
  }

  /// The user to whom root has given the directory that a path leads into: its owner, where nobody but
  /// root may write to any directory above it. Nil where somebody else may have put it there.
  package static func appointedOwner(of path: String) -> UInt32? {
    // Safe: realpath gives a NUL-terminated text of its own, or nil.
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    var directory = unsafe String(cString: resolved)
    var owner: UInt32?
    while let slash = directory.lastIndex(of: "/"), directory != "/" {
      directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
      var facts = stat()
      guard unsafe lstat(directory, &facts) == 0 else { return nil }
      if owner == nil {
        owner = facts.st_uid
        continue
      }
      let isWritable = facts.st_mode & 0o002 != 0 || facts.st_mode & 0o020 != 0 && facts.st_gid != 0
      guard facts.st_uid == 0, !isWritable else { return nil }
    }
    return owner
  }

  /// Whether two paths lead to one file, through links too.
  package static func isSame(_ path: String, _ other: String) -> Bool {
    var (one, two) = (stat(), stat())
    return unsafe stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev
      && one.st_ino == two.st_ino
  }

  /// Whether a path leads to a socket.
  package static func isSocket(_ path: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFSOCK
  }

  /// Whether a path leads to what this user may run, or to a directory.
  package static func isExecutable(_ path: String) -> Bool {
    unsafe access(path, X_OK) == 0
  }

  /// Whether this user may make files in a directory, as far as its rights tell.
  package static func isWritable(_ directory: String) -> Bool {
    unsafe access(directory, W_OK | X_OK) == 0
  }

  /// Why this user may make no file in a directory; nil when it may, as far as its rights tell.
  package static func obstacle(toMakingIn directory: String) -> SystemError? {
    var facts = stat()
    guard unsafe stat(directory, &facts) == 0 else { return SystemError("open", errno) }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return SystemError("open", ENOTDIR) }
    return unsafe access(directory, W_OK | X_OK) == 0 ? nil : SystemError("open", errno)
  }

  /// Why this user may not remove what lies at a path, in a directory that it may write to: a sticky one
  /// keeps what is another's. Nil when it may, or nothing is there.
  package static func obstacle(toRemoving path: String) -> SystemError? {
    var (file, directory) = (stat(), stat())
    guard unsafe lstat(path, &file) == 0, unsafe stat(Files.directory(of: path), &directory) == 0
    else { return nil }
    let user = geteuid()
    let isKept = directory.st_mode & S_ISVTX != 0 && user != 0
    return isKept && file.st_uid != user && directory.st_uid != user
      ? SystemError("unlink", EPERM) : nil
  }

  /// Why this user may not write to a file that is there; nil when it may.
  package static func obstacle(toWriting path: String) -> SystemError? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return SystemError("open", errno) }
    guard facts.st_mode & S_IFMT != S_IFDIR else { return SystemError("open", EISDIR) }
    return unsafe access(path, W_OK) == 0 ? nil : SystemError("open", errno)
  }

  /// The directory that a path lies in, whether it is there or not.
  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether something lies at a path, or may: only what is surely absent gives false, so that a
  /// directory that may not be searched is told apart from one without the file.
  package static func mayExist(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0 || errno != ENOENT && errno != ENOTDIR
  }
}
