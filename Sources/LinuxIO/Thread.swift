// Threads as the kernel has them: a name, a stack, a body.

import CLinux
import Glibc

/// A started thread.
package struct Thread: Sendable {
  private let handle: pthread_t

  private final class Body {
    let name: String
    let run: @Sendable () -> Void
    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts `run` on a thread of its own.
  /// - Parameters:
  ///   - name: at most 15 bytes, as `ps -L` shows it.
  ///   - stack: bytes, at least 64 KiB.
  package static func start(
    _ name: String, stack: Int = 512 << 10, _ run: @escaping @Sendable () -> Void
  ) throws(SystemError) -> Thread {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, max(stack, 64 << 10))
    let body = unsafe Unmanaged.passRetained(Body(name: name, run: run))
    var handle = pthread_t()
    let code = unsafe pthread_create(
      &handle, &attributes,
      { argument in
        // Safe: the argument is the Body retained above, and only this thread takes it.
        let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
        _ = unsafe pthread_setname_np(pthread_self(), body.name)
        body.run()
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      unsafe body.release()
      throw SystemError("pthread_create", code)
    }
    return Thread(handle: handle)
  }

  /// Waits for its end. At most once for a thread.
  package func join() {
    _ = pthread_join(handle, nil)
  }

  /// Lets it go: nobody will wait for it.
  package func detach() {
    _ = pthread_detach(handle)
  }

  /// How many processors this process may use, at least 1.
  package static func usableProcessors() -> Int {
    var set = (0..<128).map { _ in UInt64(0) }
    let size = set.count * 8
    let result = unsafe set.withUnsafeMutableBytes { bytes in
      unsafe sched_getaffinity(0, size, bytes.baseAddress)
    }
    guard result == 0 else { return 1 }
    return max(1, set.reduce(0) { $0 + $1.nonzeroBitCount })
  }
}
