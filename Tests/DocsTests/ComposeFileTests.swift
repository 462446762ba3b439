// What docker-compose.yml opens and mounts; `make test-docker` tries the rest with an engine.

import Foundation
import Testing

@Suite struct ComposeFileTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The lists of a key in the file, which stand on one line each, as `key: ["one", "other"]`.
  private func lists(_ key: String) throws -> [String] {
    let text = try String(
      contentsOf: Self.root.appending(path: "docker-compose.yml"), encoding: .utf8)
    return text.split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix(key + ":") }
      .flatMap { $0.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 } }
      .map { String($0.element) }
  }

  @Test func `a port is published on this machine alone unless LBD_PUBLISH says more`() throws {
    let ports = try lists("ports")
    #expect(!ports.isEmpty && ports.allSatisfy { $0.hasPrefix("${LBD_PUBLISH:-127.0.0.1:") })
  }

  @Test func `what is mounted is a directory, so that a file put in the place of another is seen`()
    throws
  {
    let sources = try lists("volumes").compactMap { $0.split(separator: ":").first }
    #expect(!sources.isEmpty)
    for source in sources {
      var isDirectory: ObjCBool = false
      let path = Self.root.appending(path: String(source)).path
      let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      #expect(exists && isDirectory.boolValue, "\(source)")
    }
  }
}
