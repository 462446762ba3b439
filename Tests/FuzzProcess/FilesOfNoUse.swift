// What may lie where a file should.

import Glibc
import LinuxIO

/// Makes things that are no regular files.
enum FilesOfNoUse {
  static func makeFIFO(_ path: String) { _ = unsafe mkfifo(path, 0o600) }
  static func link(_ path: String, to target: String) { _ = unsafe symlink(target, path) }
}
