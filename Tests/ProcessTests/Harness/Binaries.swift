// Where the programs under test are.

import Foundation

/// The built commands: in `LBD_BIN_DIR`, else in the package's release build.
enum Binaries {
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static let directory =
    ProcessInfo.processInfo.environment["LBD_BIN_DIR"] ?? package + "/.build/release"

  /// A command's path. That it was not built is a failure: a test that did not run shows nothing.
  static func path(_ name: String) throws -> String {
    let path = directory + "/" + name
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure("there is no \(path): run make build, or set LBD_BIN_DIR")
    }
    return path
  }
}
