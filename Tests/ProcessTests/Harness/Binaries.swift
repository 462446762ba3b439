// Where the programs under test are.

import Foundation
import Synchronization
import TestSupport

/// The built commands: in `LBD_BIN_DIR`, else in the package's release build.
enum Binaries {
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static let directory =
    ProcessInfo.processInfo.environment["LBD_BIN_DIR"] ?? package + "/.build/release"

  /// Commands that were looked at, with what is wrong with them.
  private static let faults = Mutex<[String: String?]>([:])

  /// A command's path. That it was not built is a failure: a test that did not run shows nothing. So is
  /// a build from before a change: it would show what was, not what is.
  static func path(_ name: String) throws -> String {
    let known = faults.withLock { faults in
      let fault = faults[name] ?? findFault(of: name)
      faults[name] = .some(fault)
      return fault
    }
    if let known { throw TestFailure(known) }
    return directory + "/" + name
  }

  private static func findFault(of name: String) -> String? {
    let path = directory + "/" + name
    guard FileManager.default.isExecutableFile(atPath: path) else {
      return "there is no \(path): run make build, or set LBD_BIN_DIR"
    }
    guard let change = changeSinceBuild(of: name) else { return nil }
    return "\(path) is older than \(change): run make build"
  }

  /// What a command was made of and has changed since this package built it; nil for a command from
  /// elsewhere, of which that is not known.
  private static func changeSinceBuild(of name: String) -> String? {
    let list = "\(directory)/\(name).product/Objects.LinkFileList"
    guard directory.hasPrefix(package + "/.build/"), let linked = changed("\(directory)/\(name)"),
      let objects = try? String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
    else { return nil }
    if let object = objects.first(where: { changed(String($0)) ?? linked > linked }) {
      return String(object)
    }
    let modules = objects.compactMap { object in
      object.split(separator: "/").last { $0.hasSuffix(".build") }?.dropLast(".build".count)
    }
    return Set(modules).lazy.compactMap { changeSinceCompiled(String($0)) }.first
  }

  /// A source that is newer than the module's last compilation. Its objects and the command do not tell
  /// when that was: the compiler leaves alone what would be the same again. The list of dependencies
  /// is written each time.
  private static func changeSinceCompiled(_ module: String) -> String? {
    guard let compiled = changed("\(directory)/\(module).build/\(module).d") else { return nil }
    let sources = "\(package)/Sources/\(module)"
    let files = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String }
    let newer = files?.first {
      $0.hasSuffix(".swift") && changed("\(sources)/\($0)") ?? compiled > compiled
    }
    return newer.map { "Sources/\(module)/\($0)" }
  }

  private static func changed(_ path: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date
  }
}
