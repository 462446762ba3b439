// The thread that writes the access log, and what it is told before it runs.

import Foundation
import Ledger
import LinuxIO
import Testing

@testable import Telemetry

@Suite struct AccessWriterTests {
  @Test
  func `a line that is recorded once a file is named goes there, however late the thread runs`()
    throws
  {
    let path = FileManager.default.temporaryDirectory.path + "/lbd-lines-\(UUID().uuidString)"
    defer { try? Files.remove(path) }
    let bell = try LogBell()
    let ring = LogRing(bell: bell)
    let writer = try AccessWriter(rings: [ring], bell: bell, reports: Mailbox(limit: 8))
    writer.use(try Files.openToAppend(path, mode: 0o600))
    ring.write([UInt8]("the first line\n".utf8).span)
    try writer.start()
    #expect(writer.end(within: 20_000))
    #expect(try Files.read(path, limit: 100) == Array("the first line\n".utf8))
    #expect(ring.dropped == 0)
  }
}
