// How a log's file is opened: lines go to its end, and opening it never waits.

import Glibc

extension Files {
  /// Opens a file whose end is written to, and makes it where there is none. A named pipe is opened
  /// for both directions: that waits for no reader, and what its readers do ends no line early.
  /// - Parameter mode: for a new file, before the process's umask.
  package static func openToAppend(_ path: String, mode: UInt32) throws(SystemError) -> Descriptor {
    let always = O_APPEND | O_NOCTTY | O_NONBLOCK
    if !isPipe(path) {
      do throws(SystemError) {
        return try Descriptor.open(path, O_WRONLY | O_CREAT | always, mode: mode)
      } catch {
        // It became a pipe that nobody reads.
        guard error.code == ENXIO && isPipe(path) else { throw error }
      }
    }
    return try Descriptor.open(path, O_RDWR | always)
  }

  private static func isPipe(_ path: String) -> Bool {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO
  }

  /// Writes to a file's end in one call, so that lines of several threads do not mix. What the kernel
  /// does not take is lost.
  package static func append(_ bytes: [UInt8], to file: borrowing Descriptor) {
    // Safe: the kernel reads the array's own bytes during the call only.
    _ = unsafe bytes.withUnsafeBytes { source in
      unsafe Glibc.write(file.raw, source.baseAddress, source.count)
    }
  }

  /// Writes as much to a file's end as it takes now.
  package static func appendSome(
    _ bytes: [UInt8], to file: borrowing Descriptor
  ) -> TransferOutcome {
    while true {
      // Safe: the kernel reads the array's own bytes during the call only.
      let count = unsafe bytes.withUnsafeBytes { source in
        unsafe Glibc.write(file.raw, source.baseAddress, source.count)
      }
      if count >= 0 { return .moved(count) }
      if errno != EINTR { return errno == EAGAIN ? .wouldBlock : .failed(errno) }
    }
  }

  /// Takes the last bytes that were written through a descriptor out of its file again. False where that
  /// cannot be: the file is no regular one, or does not end with them.
  static func takeBack(_ count: Int, from file: borrowing Descriptor) -> Bool {
    var facts = stat()
    guard unsafe fstat(file.raw, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      return false
    }
    let end = lseek(file.raw, 0, SEEK_CUR)
    guard end >= count && end == facts.st_size else { return false }
    guard ftruncate(file.raw, end - count) == 0 else { return false }
    return lseek(file.raw, end - count, SEEK_SET) >= 0
  }

  /// A second descriptor of the standard output, if that can be written to.
  package static func standardOutput() throws(SystemError) -> Descriptor {
    let flags = try retrying("fcntl") { fcntl(1, F_GETFL) }
    guard flags & O_ACCMODE != O_RDONLY else { throw SystemError("fcntl", EBADF) }
    return Descriptor(owning: try retrying("fcntl") { fcntl(1, F_DUPFD_CLOEXEC, 0) })
  }
}
