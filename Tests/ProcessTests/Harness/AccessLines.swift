// The access log as a test reads it: strictly, so that a torn line or a wrong byte is a failure.

import Foundation
import LinuxIO
import TestSupport

/// One line of an access log.
struct AccessLine {
  private let members: [String: Any]

  init(_ line: some StringProtocol) throws {
    guard
      let members = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    else { throw TestFailure("no JSON object: \(line)") }
    self.members = members
  }

  /// All lines of a text, which ends with one.
  static func all(in bytes: [UInt8]) throws -> [AccessLine] {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw TestFailure("no UTF-8") }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.popLast() == "" else {
      throw TestFailure("the last line has no end: \(text.suffix(99))")
    }
    return try lines.map { try AccessLine($0) }
  }

  func text(_ name: String) -> String? { members[name] as? String }
  func number(_ name: String) -> Double? { (members[name] as? NSNumber)?.doubleValue }
  func count(_ name: String) -> Int? { (members[name] as? NSNumber)?.intValue }
  func isTrue(_ name: String) -> Bool { members[name] as? Bool == true }
  func has(_ name: String) -> Bool { members[name] != nil }
  var names: Set<String> { Set(members.keys) }
}

extension Stage {
  var accessPath: String { directory + "/access.log" }

  /// The section that turns the access log on.
  func accessSection(_ path: String? = nil) -> String { "[log]\naccess = \(path ?? accessPath)\n" }

  /// lbd with so many demo replicas and an access log.
  static func withAccessLog(
    replicas count: Int, lbd settings: String = "workers = 1", sections: String = ""
  ) throws -> Stage {
    let stage = try Stage()
    for _ in 0..<count { try stage.startReplica() }
    try stage.writeConf(
      ports: stage.ports, lbd: settings, sections: stage.accessSection() + sections)
    try stage.start()
    return stage
  }

  /// lbd with scripted replicas and an access log.
  static func withAccessLog(scripted: [ScriptedReplica], sections: String = "") throws -> Stage {
    let stage = try Stage()
    try stage.writeConf(
      ports: scripted.map(\.port), lbd: "workers = 1", sections: stage.accessSection() + sections)
    try stage.start()
    return stage
  }

  func accessLines(_ path: String? = nil) throws -> [AccessLine] {
    try AccessLine.all(in: try Files.read(path ?? accessPath, limit: 1 << 30))
  }

  /// Waits for so many lines.
  func awaitAccessLines(_ count: Int) throws -> [AccessLine] {
    try eventually("\(count) lines in the access log") { () -> [AccessLine]? in
      // What is being written may end inside of a line for a moment.
      guard let lines = try? accessLines(), lines.count >= count else { return nil }
      return lines
    }
  }
}
