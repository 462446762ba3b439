// The descriptors 0 to 2 of a program that was started without them.

import Glibc

/// Standard input, output and error.
package enum StandardDescriptors {
  /// Opens /dev/null as each of them that is closed, so that no file and no client is ever given its
  /// number and what a program says to people. Call it before anything else is opened. What is written
  /// to an output that was closed fails as it would have: data that is lost must not look written.
  package static func fill() {
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      // The lowest number that is free, which is this one. Nobody can be told of a failure to tell.
      let flags = number == 2 ? O_RDWR : O_RDONLY
      if unsafe open("/dev/null", flags) < 0 { _ = unsafe open("/", O_RDONLY | O_DIRECTORY) }
    }
  }
}
