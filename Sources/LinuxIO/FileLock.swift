// A lock between processes: one command at a time works where the lock's file is.

import Glibc

/// The single holder of a lock; gives it back at the end of its life, even that by SIGKILL. The file
/// stays: to remove it would part those who wait for it from those who come later.
package struct FileLock: ~Copyable {
  private let descriptor: Descriptor

  private init(holding descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Waits for the lock, at most `milliseconds`; nil when another process held it all the while.
  package static func take(_ path: String, milliseconds: Int) throws(SystemError) -> FileLock? {
    try hold(Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o644), milliseconds)
  }

  /// Runs `body` alone among those who do so for paths in the same directory. It is locked itself, so that
  /// there is no further file. Whoever holds it for longer than `milliseconds` stands still: then `body` runs
  /// all the same, and where this process may not read the directory.
  package static func holding<Value: ~Copyable, Failure: Error>(
    directoryOf path: String, milliseconds: Int, _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let lock = take(directoryOf: path, milliseconds)
    defer { lock?.stay() }
    return try body()
  }

  private func stay() {}

  private static func take(directoryOf path: String, _ milliseconds: Int) -> FileLock? {
    do throws(SystemError) {
      let directory = try Descriptor.open(Files.directory(of: path), O_RDONLY | O_DIRECTORY)
      return try hold(directory, milliseconds)
    } catch {
      return nil
    }
  }

  private static func hold(
    _ file: consuming Descriptor, _ milliseconds: Int
  ) throws(SystemError) -> FileLock? {
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("flock", errno) }
      guard Clock.now() < deadline else { return nil }
      Clock.sleep(milliseconds: min(50, milliseconds))
    }
    return FileLock(holding: file)
  }
}
