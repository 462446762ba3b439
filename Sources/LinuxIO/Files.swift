// Calls on paths: reading files and links, listing, removing, and what lies at a path.

import Glibc

/// Calls on paths. All of them block; none belongs on a worker.
package enum Files {
  /// What a file held, and when it was last changed, in nanoseconds since 1970.
  package struct Contents: Sendable {
    package let bytes: [UInt8]
    package let modified: UInt64
  }

  /// Reads a regular file, at most a little more than `limit` bytes of it; nil for what is there and is no
  /// regular file, which is not even opened: a pipe would wait for its writer, a device may do anything.
  package static func contents(of path: String, limit: Int) throws(SystemError) -> Contents? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { throw SystemError("stat", errno) }
    if facts.st_mode & S_IFMT == S_IFDIR { throw SystemError("open", EISDIR) }
    guard facts.st_mode & S_IFMT == S_IFREG else { return nil }
    // It may have become a pipe since.
    let file = try Descriptor.open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
    guard unsafe fstat(file.raw, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    let seconds = UInt64(clamping: facts.st_mtim.tv_sec)
    let (time, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return Contents(
      bytes: try read(file, limit: limit),
      modified: isFar ? 0 : time &+ UInt64(clamping: facts.st_mtim.tv_nsec))
  }

  private static func read(
    _ file: borrowing Descriptor, limit: Int
  ) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let piece = try read(file)
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }

  /// Reads a whole file, or its first bytes: at most a little more than `limit` of them.
  package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY | O_NOCTTY)
    return try read(file, limit: limit)
  }

  /// Why a file is not read as this process's own, in words.
  package struct Distrust: Error {
    package let reason: String
  }

  /// Reads a file that nobody but root or this process's user can have written, at most a little more
  /// than `limit` bytes of it; nil when there is none. All others are refused, and so is what is no
  /// regular file, whatever it would do to its reader: what is looked at is what was opened.
  package static func readOwn(_ path: String, limit: Int) throws(Distrust) -> [UInt8]? {
    var flaw: String?
    do throws(SystemError) {
      let file = try Descriptor.open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)
      flaw = try Files.flaw(ofOwn: file)
      if flaw == nil {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
          let piece = try read(file)
          if piece.isEmpty { break }
          bytes += piece
        }
        return bytes
      }
    } catch {
      if error.code == ENOENT { return nil }
      flaw = error.code == ELOOP ? "it is a symbolic link" : error.reason
    }
    throw Distrust(reason: flaw ?? "")
  }

  private static func flaw(ofOwn file: borrowing Descriptor) throws(SystemError) -> String? {
    var facts = stat()
    _ = try retrying("fstat") { unsafe fstat(file.raw, &facts) }
    if facts.st_mode & S_IFMT != S_IFREG { return "it is no regular file" }
    if facts.st_uid != 0 && facts.st_uid != geteuid() {
      return "it belongs to user \(facts.st_uid), not to root or to the user of this process"
    }
    if facts.st_mode & 0o022 != 0 {
      let mode = String(facts.st_mode & 0o7777, radix: 8)
      return
        "others than its owner may write to it (mode \(mode)); chmod go-w it if it is as it should be"
    }
    return nil
  }

  /// Who but root and this process's user may put something in a path's place, in words; nil where nobody
  /// may. That is whoever may write to one of the directories that lead there. In a sticky one nobody
  /// removes what is another's, but may be there first. The group is this process's own where that may
  /// write.
  package static func strangers(at path: String) -> String? {
    var directory = Files.directory(of: path)
    if !directory.hasPrefix("/"), let here = try? target(of: "/proc/self/cwd") {
      directory = here + "/" + directory
    }
    if let words = strangers(inDirectory: directory, isLast: true) { return words }
    while directory != "/" {
      directory = Files.directory(of: directory)
      if let words = strangers(inDirectory: directory, isLast: false) { return words }
    }
    return nil
  }

  /// - Parameter isLast: the path is to be made there; one that leads on is there already, and a sticky
  ///   directory keeps it so.
  private static func strangers(inDirectory path: String, isLast: Bool) -> String? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    if facts.st_uid != 0 && facts.st_uid != geteuid() {
      return "\(path) belongs to user \(facts.st_uid)"
    }
    if facts.st_mode & S_ISVTX != 0 && !isLast { return nil }
    if facts.st_mode & 0o002 != 0 { return "everybody may write to \(path)" }
    if facts.st_mode & 0o020 != 0 && facts.st_gid != getegid() {
      return "group \(facts.st_gid) may write to \(path)"
    }
    return nil
  }

  /// Reads a file's last bytes, at most `limit` of them.
  package static func readEnd(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.open(path, O_RDONLY | O_NOCTTY)
    let size = lseek(file.raw, 0, SEEK_END)
    guard size >= 0 else { throw SystemError("lseek", errno) }
    _ = lseek(file.raw, max(0, size - limit), SEEK_SET)
    return try readAll(file)
  }

  /// Reads on to the end.
  static func readAll(_ file: borrowing Descriptor) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try read(file)
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  private static func read(_ file: borrowing Descriptor) throws(SystemError) -> [UInt8] {
    var outcome = 0
    var failure: Int32 = 0
    let number = file.raw
    let piece = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { space, count in
      repeat {
        // Safe: the kernel writes at most 64 KiB into the space, and `count` says how much.
        outcome = unsafe Glibc.read(number, space.baseAddress, 64 << 10)
        failure = errno
      } while outcome < 0 && failure == EINTR
      count = max(0, outcome)
    }
    if outcome < 0 { throw SystemError("read", failure) }
    return piece
  }

  /// The paths that match a pattern (glob(3)), in no order.
  package static func expand(_ pattern: String) throws(SystemError) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    switch unsafe glob(pattern, 0, nil, &found) {
    case 0: break
    case GLOB_NOMATCH: return []
    default: throw SystemError("glob", EIO)
    }
    // Safe: glob gives `gl_pathc` NUL-terminated texts, which are copied here.
    return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
      unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
    }
  }

  /// Where a symbolic link leads.
  package static func target(of link: String) throws(SystemError) -> String {
    var space = [UInt8](repeating: 0, count: 4096)
    // Safe: the kernel writes at most 4096 bytes into the space and says how many.
    let count = unsafe space.withUnsafeMutableBytes { bytes in
      unsafe readlink(link, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard count >= 0 else { throw SystemError("readlink", errno) }
    return String(decoding: space.prefix(count), as: UTF8.self)
  }

  /// Removes a file; that it is not there is no failure.
  package static func remove(_ path: String) throws(SystemError) {
    if unsafe unlink(path) != 0 && errno != ENOENT { throw SystemError("unlink", errno) }
  }

  /// Makes the directory that a path lies in, open to all for reading; that it is there already is
  /// no failure. Directories above it are not made.
  package static func makeDirectory(of path: String) throws(SystemError) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    if unsafe mkdir(String(path[..<slash]), 0o755) != 0 && errno != EEXIST {
      throw SystemError("mkdir", errno)
    }
  }

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
