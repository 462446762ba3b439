// The kinds of abuse: what clients do to a server out of malice or by accident. Each is a function
// of its own in the files beside this one, which ends well only if lbd did exactly what it must.

import LinuxIO
import TestSupport

/// One kind of abuse.
enum Abuse: String, CaseIterable, Sendable {
  case slowHeads, slowBodies, silence, vanishing
  case deafDownloads, abandonedDownloads, deafPipeline, longPipeline
  case connectionFlood, resetFlood
  case endlessFields, endlessLine, endlessExtensions, endlessTrailers, hugeChunks, hugeBodies
  case garbage, tunnels
  case poison

  /// Does it once, in at most a few seconds.
  /// - Throws: when lbd answered, or failed to answer, in another way than it must.
  func commit(on port: UInt16, _ random: inout Seeded) throws {
    switch self {
    case .slowHeads: try Abuse.sendSlowHeads(port)
    case .slowBodies: try Abuse.sendSlowBodies(port)
    case .silence: try Abuse.saySilent(port)
    case .vanishing: try Abuse.vanish(port, &random)
    case .deafDownloads: try Abuse.downloadDeaf(port)
    case .abandonedDownloads: try Abuse.abandonDownloads(port, &random)
    case .deafPipeline: try Abuse.pipelineDeaf(port)
    case .longPipeline: try Abuse.pipeline(port)
    case .connectionFlood: try Abuse.flood(port)
    case .resetFlood: try Abuse.floodWithResets(port, &random)
    case .endlessFields: try Abuse.sendEndlessFields(port, &random)
    case .endlessLine: try Abuse.sendEndlessLine(port, &random)
    case .endlessExtensions: try Abuse.sendEndlessExtensions(port, &random)
    case .endlessTrailers: try Abuse.sendEndlessTrailers(port, &random)
    case .hugeChunks: try Abuse.sendHugeChunks(port)
    case .hugeBodies: try Abuse.announceHugeBody(port)
    case .garbage: try Abuse.sendGarbage(port, &random)
    case .tunnels: try Abuse.abandonTunnels(port, &random)
    case .poison: try Abuse.sendPoison(port, &random)
    }
  }

  /// Connections that one abuse holds at once, where it waits for lbd to end them.
  static let crowd = 6

  static func open(_ port: UInt16, _ count: Int = 1) throws -> [Connection] {
    try (0..<count).map { _ in
      let connection = try Connection(port: port)
      // Some wait in the kernel's queue first, while others hold every connection there is.
      connection.patience = 15_000
      return connection
    }
  }

  static func open(_ port: UInt16) throws -> Connection { try open(port, 1)[0] }
}

extension Connection {
  /// Reads lbd's refusal, and the orderly end after it.
  func expectRefusal(_ status: Int) throws {
    let answer = try answer()
    guard answer.status == status, answer["connection"] == "close",
      answer.text.wholeMatch(of: /\{"detail":"[^"]+"\}/) != nil
    else { throw TestFailure("no refusal with \(status) but \(answer.status) \(answer.text)") }
    guard try isOver() && end == .ended else {
      throw TestFailure("after a refusal with \(status) no end, but \(unreadText.debugDescription)")
    }
  }

  func expectCut(_ what: String) throws {
    guard isCut(within: patience) else { throw TestFailure("\(what) is not cut") }
  }
}
