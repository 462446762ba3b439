// Two releases of lbd: the one before this one, and this one. What each must understand of the other is in
// docs/failover.md.

import Foundation
import TestSupport

/// A release under test.
enum Version: CaseIterable {
  case former, current

  var other: Version { self == .former ? .current : .former }

  /// Where a command of this release lies. That there is none of the former one is a failure: a test that did
  /// not run shows nothing.
  func path(_ command: String) throws -> String {
    guard self == .former else { return try Binaries.path(command) }
    guard let directory = ProcessInfo.processInfo.environment["FORMER_BIN"] else {
      throw TestFailure(
        "where the former release's commands are is not said: run make test-upgrade")
    }
    let path = directory + "/" + command
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw TestFailure("there is no \(path): FORMER_BIN names the former release's commands")
    }
    return path
  }

  /// Runs a command of this release to its end.
  func run(_ command: String, _ arguments: [String]) throws -> Child.Outcome {
    try Child(try path(command), arguments).outcome(within: 90)
  }
}

/// How one lbd follows another.
enum Way: CaseIterable {
  /// `lbd --takeover`.
  case takeover
  /// `lbctl upgrade`, once the next release lies where the lbd that runs was started from.
  case upgrade
  /// The same where a service manager runs lbd.
  case managedUpgrade
}
