// A pipe whose reader a test is, to see what a writer does when nobody reads.

import Glibc
import LinuxIO

/// A named pipe, empty at first.
final class NamedPipe {
  let path: String
  private let descriptor: Descriptor

  init(_ path: String) throws {
    guard unsafe mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo", errno) }
    self.path = path
    descriptor = try Descriptor.open(path, O_RDWR | O_NONBLOCK)
  }

  /// Writes until not one byte more goes in.
  func fill() {
    for size in [4096, 1] {
      let bytes = [UInt8](repeating: 0x2E, count: size)
      // Safe: the kernel reads the bytes during the call only.
      while unsafe bytes.withUnsafeBytes({
        unsafe write(descriptor.raw, $0.baseAddress, $0.count)
      }) > 0 {}
    }
  }

  /// Takes so many bytes, at most what is there.
  func takeSome(_ count: Int) {
    var space = [UInt8](repeating: 0, count: count)
    unsafe space.withUnsafeMutableBytes { _ = unsafe read(descriptor.raw, $0.baseAddress, count) }
  }

  /// Takes all that is in it.
  func drain() -> String { String(decoding: take(), as: UTF8.self) }

  /// The same, as bytes.
  func take() -> [UInt8] {
    var all: [UInt8] = []
    while true {
      var count = 0
      let number = descriptor.raw
      all += unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { space, length in
        // Safe: the kernel writes at most as much as there is space, and `count` says how much.
        count = unsafe read(number, space.baseAddress, 1 << 16)
        length = max(0, count)
      }
      guard count > 0 else { return all }
    }
  }
}
