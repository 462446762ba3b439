// Writing files and removing directories: for commands that leave some behind. lbd does neither.

import Glibc

extension Files {
  /// Writes a file anew, whole.
  package static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
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

  /// Removes a directory with nothing in it; that it is not there is no failure.
  package static func removeDirectory(_ path: String) throws(SystemError) {
    if unsafe rmdir(path) != 0 && errno != ENOENT { throw SystemError("rmdir", errno) }
  }
}
