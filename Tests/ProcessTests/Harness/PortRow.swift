// Ports that lie side by side, for what takes the next free one by itself.

import LinuxIO
import Synchronization
import TestSupport

/// Eight ports in a row, which no other test of this process has meanwhile. They are below those that
/// the kernel chooses from, so no reservation and no connection gets one.
final class PortRow: Sendable {
  private static let size: UInt16 = 8
  private static let range: Range<UInt16> = 18600..<18696
  private static let taken = Mutex<Set<UInt16>>([])

  let first: UInt16

  init() throws {
    let rows = stride(from: PortRow.range.lowerBound, to: PortRow.range.upperBound, by: 8)
      .shuffled()
    let free = PortRow.taken.withLock { taken -> UInt16? in
      let row = rows.first { !taken.contains($0) && PortRow.isFree($0) }
      if let row { taken.insert(row) }
      return row
    }
    guard let free else { throw TestFailure("no row of ports is free in \(PortRow.range)") }
    first = free
  }

  deinit {
    let first = first
    PortRow.taken.withLock { _ = $0.remove(first) }
  }

  /// Nobody listens on any of them.
  private static func isFree(_ first: UInt16) -> Bool {
    (first..<first + size).allSatisfy { port in
      guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { return false }
      return (try? Socket.listen(address)) != nil
    }
  }

  subscript(_ index: Int) -> UInt16 { first + UInt16(index) }
}
