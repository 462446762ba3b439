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
    let file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o644)
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("flock", errno) }
      guard Clock.now() < deadline else { return nil }
      Clock.sleep(milliseconds: 50)
    }
    return FileLock(holding: file)
  }
}
