// Many clients at once, each on a thread of its own.

import LinuxIO
import Synchronization
import TestSupport

/// Runs `body` on so many threads and gives what each came to, in their order. The first error of
/// any is thrown once all have ended.
func inParallel<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  let results = Mutex<[Int: Result<Value, any Error>]>([:])
  let sink = Sink(results)
  let threads = try (0..<count).map { index in
    try Thread.start("client") { sink.put(index, Result { try body(index) }) }
  }
  for thread in threads { thread.join() }
  return try (0..<count).map { try sink.take($0) }
}

private final class Sink<Value: Sendable>: Sendable {
  private let results: Mutex<[Int: Result<Value, any Error>]>

  init(_ results: consuming sending Mutex<[Int: Result<Value, any Error>]>) {
    self.results = results
  }

  func put(_ index: Int, _ result: Result<Value, any Error>) {
    results.withLock { $0[index] = result }
  }

  func take(_ index: Int) throws -> Value {
    guard let result = results.withLock({ $0[index] }) else { throw TestFailure("no result") }
    return try result.get()
  }
}
