// The file that keeps orders through restarts and crashes: written whole or not at all, and believed
// only if it is whole.

package import LinuxIO

/// The state's file. The control thread reads it at the start and writes it with each order, which
/// blocks it for as long as the disk takes.
package struct StateFile {
  package let path: String

  /// In the directory that systemd keeps for lbd, else beside the control socket: `run/lbd.state` for
  /// `run/lbd.sock`.
  package init(environment: [String: String], control: String) {
    let directory = environment["STATE_DIRECTORY"]?.split(separator: ":").first
    let isSocket = control.hasSuffix(".sock")
    path =
      directory.map { "\($0)/state" } ?? (isSocket ? String(control.dropLast(5)) : control)
      + ".state"
  }

  /// What it holds; nothing when there is none. It has to be this user's own or root's, for it orders
  /// replicas out.
  package func read() throws(StartFailure) -> AdminStates {
    let bytes: [UInt8]?
    do throws(Files.Distrust) {
      bytes = try Files.readOwn(path, limit: AdminStates.limit)
    } catch {
      throw StartFailure("the state \(path) is not read: \(error.reason)")
    }
    return try bytes.map { (bytes) throws(StartFailure) in try parse(bytes) } ?? AdminStates()
  }

  private func parse(_ bytes: [UInt8]) throws(StartFailure) -> AdminStates {
    do throws(StateFlaw) {
      return try AdminStates(reading: bytes)
    } catch {
      throw StartFailure("the state \(path) is refused: line \(error.line): \(error.reason)")
    }
  }

  /// Puts these orders in its place.
  package func write(_ orders: AdminStates) throws(SystemError) {
    try Files.replace(path, with: Array(orders.text.utf8))
  }
}
