// How long the trials go on: short in every run of the tests, long where SOAK is set (`make soak`).

import Foundation

enum Length {
  static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil

  /// One of the two, by what is run.
  static func of<Value>(_ short: Value, soak long: Value) -> Value { isSoak ? long : short }
}
