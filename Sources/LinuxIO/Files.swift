// Calls on paths: reading files and links, listing, removing. Files+Paths has the questions about paths.

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
}
