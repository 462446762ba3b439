// Whom root has given a directory, as far as the directories above it say.

import Foundation
import Glibc
import Testing

@testable import LinuxIO

@Suite(.enabled(if: geteuid() == 0, "only root can give a directory to another"))
struct AppointedOwnerTests {
  /// A path to a file in a directory of user 65534, below one that root made with this mode.
  private func given(below mode: mode_t, _ root: String, owner: uid_t = 0) throws -> String {
    let top = root + "/lbd-owner-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: top + "/given", withIntermediateDirectories: true)
    // Safe: each call reads its path while it runs only.
    let given = unsafe chown(top + "/given", 65534, 65534)
    let own = unsafe chown(top, owner, 0) | chmod(top, mode) | chmod(top + "/given", 0o755)
    try #require(given | own == 0)
    try Files.write([], to: top + "/given/file")
    return top + "/given/file"
  }

  private func removeAll(_ path: String) {
    let top = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
    try? FileManager.default.removeItem(at: top)
  }

  @Test func `it is the owner where only root may write above`() throws {
    let path = try given(below: 0o755, "/run")
    defer { removeAll(path) }
    #expect(Files.appointedOwner(of: path) == 65534)
    #expect(Files.appointedOwner(of: path + "-absent") == nil)
  }

  @Test(arguments: [mode_t(0o777), 0o1777, 0o757])
  func `it is nobody where others may write above`(_ mode: mode_t) throws {
    let path = try given(below: mode, "/run")
    defer { removeAll(path) }
    #expect(Files.appointedOwner(of: path) == nil)
  }

  @Test func `it is nobody where another owns what is above, or it lies in a temporary place`()
    throws
  {
    for (root, owner) in [("/run", uid_t(65533)), ("/tmp", 0)] {
      let path = try given(below: 0o755, root, owner: owner)
      defer { removeAll(path) }
      #expect(Files.appointedOwner(of: path) == nil)
    }
  }

  @Test func `a link is followed to where it leads`() throws {
    let path = try given(below: 0o1777, "/run")
    let link = "/run/lbd-owner-\(UUID().uuidString.prefix(8))"
    defer {
      removeAll(path)
      try? Files.remove(link)
    }
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(Files.appointedOwner(of: link) == nil)
  }
}
