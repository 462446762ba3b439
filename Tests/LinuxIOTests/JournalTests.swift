// Entries of the journal: their form, and that a journal which is behind or gone holds nobody up.

import Foundation
import Glibc
import LinuxIO
import Testing

@Suite struct JournalTests {
  @Test func `a value of one line stands behind its name, one of more has its length before it`() {
    let bytes = Journal.encode([("MESSAGE", "up"), ("LBD_CAUSE", "a\nb"), ("EMPTY", "")])
    let expected = "MESSAGE=up\nLBD_CAUSE\n\u{3}\0\0\0\0\0\0\0a\nb\nEMPTY=\n"
    #expect(bytes == Array(expected.utf8))
  }

  @Test func `standard error is the journal's only where device and inode are the same`() throws {
    let file = try Descriptor.open("/dev/null", O_RDONLY)
    var facts = stat()
    #expect(unsafe fstat(file.raw, &facts) == 0)
    #expect(Journal.leads(file.raw, to: "\(facts.st_dev):\(facts.st_ino)"))
    #expect(!Journal.leads(file.raw, to: "\(facts.st_dev):\(facts.st_ino + 1)"))
    #expect(!Journal.leads(file.raw, to: ""))
    #expect(Journal(environment: [:]) == nil)
    #expect(Journal(environment: ["JOURNAL_STREAM": "1:2"]) == nil)
  }

  @Test func `entries arrive; a full journal is told apart from none`() throws {
    let path = FileManager.default.temporaryDirectory.path + "/lbd-\(UUID().uuidString.prefix(8))"
    let journal = try #require(Journal(path: path))
    #expect(journal.send([("MESSAGE", "nobody listens")]) == .refused)
    let inbox = Descriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let raw = inbox.raw
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    defer { try? Files.remove(path) }
    var sent = 0
    while journal.send([("MESSAGE", "entry \(sent)")]) == .sent { sent += 1 }
    #expect(sent > 0)
    #expect(journal.send([("MESSAGE", "one more")]) == .full)
    var space = [UInt8](repeating: 0, count: 100)
    let count = unsafe recv(raw, &space, space.count, 0)
    #expect(String(decoding: space.prefix(max(0, count)), as: UTF8.self) == "MESSAGE=entry 0\n")
    #expect(journal.send([("MESSAGE", "one more")]) == .sent)
  }
}
