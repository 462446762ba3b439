// Writing files and removing directories: for commands that leave some behind, and for lbd's state.

import Glibc

extension Files {
  /// Writes a file anew, whole.
  package static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    try write(bytes, to: Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644))
  }

  private static func write(
    _ bytes: [UInt8], to file: borrowing Descriptor
  ) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      // Safe: the kernel reads the array's own bytes behind `offset` during the call only.
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Glibc.write(file.raw, source.baseAddress! + offset, source.count - offset)
      }
      if count >= 0 {
        offset += count
      } else if errno != EINTR {
        throw SystemError("write", errno)
      }
    }
  }

  /// Puts a file in another's place: whoever reads the path finds the former one or this one whole, even
  /// after the machine lost its power.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
    let next = path + ".next"
    try remove(next)
    do throws(SystemError) {
      let file = try Descriptor.open(
        next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
      try write(bytes, to: file)
      _ = try retrying("fsync") { fsync(file.raw) }
      try rename(next, to: path)
    } catch {
      try? remove(next)
      throw error
    }
    let parent = try Descriptor.open(directory(of: path), O_RDONLY | O_DIRECTORY)
    _ = try retrying("fsync") { fsync(parent.raw) }
  }

  /// Gives a file another path, whose former file is gone at the same moment.
  package static func rename(_ path: String, to next: String) throws(SystemError) {
    _ = try retrying("rename") { unsafe Glibc.rename(path, next) }
  }

  /// Removes a directory with nothing in it; that it is not there is no failure.
  package static func removeDirectory(_ path: String) throws(SystemError) {
    if unsafe rmdir(path) != 0 && errno != ENOENT { throw SystemError("rmdir", errno) }
  }
}
