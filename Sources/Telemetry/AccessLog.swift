// The access log as the control thread has it: opens its file at the start, at USR1 and at a reload,
// knows how many lines were lost, and has what is left written before lbd ends.

package import Configuration
package import Ledger
package import LinuxIO

/// The access log. `dropped` may be read by any thread; everything else is the control thread's.
package struct AccessLog: ~Copyable {
  /// How long lbd's end waits for a file that takes no lines.
  private static let patience = 1000

  /// One for each worker.
  package let rings: [LogRing]
  private let writer: AccessWriter
  package private(set) var target: AccessTarget
  private var isRunning: Bool
  /// The lines lost that were told of.
  private var told: Int

  package init(workers: Int, reports: Mailbox<WorkerReport>) throws(SystemError) {
    let bell = try LogBell()
    let rings = (0..<workers).map { _ in LogRing(bell: bell) }
    writer = try AccessWriter(rings: rings, bell: bell, reports: reports)
    self.rings = rings
    (target, isRunning, told) = (.off, false, 0)
  }

  /// Opens what the conf names, nothing where that is `off`, or says why that cannot be and what to do.
  package static func open(_ target: AccessTarget) throws(StartFailure) -> Descriptor? {
    do throws(SystemError) {
      switch target {
      case .off: return nil
      case .standardOutput: return try Files.standardOutput()
      case .path(let path): return try Files.openToAppend(path, mode: 0o640)
      }
    } catch {
      let name = if case .path(let path) = target { path } else { "stdout" }
      throw failure(name, error)
    }
  }

  /// Throws what `open` would, and neither makes nor opens anything.
  package static func check(_ target: AccessTarget) throws(StartFailure) {
    guard case .path(let path) = target else { return }
    var target = path
    if let link = try? Files.target(of: path) {
      target = link.hasPrefix("/") ? link : Files.directory(of: path) + "/" + link
    }
    let error =
      Files.mayExist(path)
      ? Files.obstacle(toWriting: path) : Files.obstacle(toMakingIn: Files.directory(of: target))
    if let error { throw failure(path, error) }
  }

  /// Why the access log of this name cannot be opened, and what to do.
  static func failure(_ name: String, _ error: SystemError) -> StartFailure {
    StartFailure(
      "cannot open the access log \(name): \(error.reason); its directory must be there and lbd"
        + " may write to it, or set another access in [log]")
  }

  /// Has a thread that writes, unless there is one or nothing is to be written.
  package mutating func prepare(for target: AccessTarget) throws(StartFailure) {
    guard !isRunning && target != .off else { return }
    do throws(SystemError) {
      try writer.start()
    } catch {
      throw StartFailure("cannot start a thread: \(error)")
    }
    isRunning = true
  }

  /// Lines go there from now on, once it is prepared for that. A line that was recorded before may still
  /// go where lines went.
  package mutating func use(_ file: consuming Descriptor?, _ target: AccessTarget) {
    self.target = target
    if isRunning { writer.use(file) }
  }

  /// Has what is left written. True when it was.
  package mutating func finish() -> Bool {
    guard isRunning else { return true }
    return writer.end(within: AccessLog.patience) && rings.allSatisfy { $0.pending == 0 }
  }

  /// Lines that were recorded and not written, once `finish` has given up.
  package var unwritten: Int { rings.reduce(0) { $0 + $1.pendingLines } }

  /// Lines that were lost since lbd began.
  package var dropped: Int { rings.reduce(0) { $0 + $1.dropped } }

  /// How many more lines were lost since the last call; nil for none.
  package mutating func takeDropped() -> Int? {
    let count = dropped
    guard count > told else { return nil }
    defer { told = count }
    return count - told
  }
}
