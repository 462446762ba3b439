// The orders in force as a text, for the state's file and for an lbd that takes over.
//
//     lbd-state 1
//     order 8081 drain
//     weight 8082 50
//     end

import Configuration
import ControlProtocol

/// Why a text holds no orders.
package struct StateFlaw: Error, Equatable {
  package let line: Int
  package let reason: String
}

extension AdminStates {
  /// A text may have so many bytes: each of 1024 replicas takes less than 160.
  package static let limit = 256 << 10
  private static let first = "lbd-state 1"
  private static let last = "end"

  /// One line for each order, by name. What has no name of the conf's kind was added to the running
  /// pool and is gone after a restart, and so are its orders.
  package var text: String {
    var lines = [AdminStates.first]
    for (name, state) in byName.sorted(by: { $0.key < $1.key })
    where ReplicaConfiguration.isName(name) {
      if state.order != .ready { lines.append("order \(name) \(state.order.rawValue)") }
      if let weight = state.weight { lines.append("weight \(name) \(weight)") }
    }
    return (lines + [AdminStates.last, ""]).joined(separator: "\n")
  }

  /// Reads what `text` has written. Anything else is refused as a whole, whatever it is.
  package init(reading bytes: [UInt8]) throws(StateFlaw) {
    guard bytes.count <= AdminStates.limit else {
      throw StateFlaw(line: 1, reason: "it is longer than \(AdminStates.limit) bytes")
    }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.first.map({ String(decoding: $0, as: UTF8.self) }) == AdminStates.first else {
      throw StateFlaw(line: 1, reason: "it does not begin with \(AdminStates.first)")
    }
    guard bytes.suffix(5) == Array("\n\(AdminStates.last)\n".utf8)[...] else {
      throw StateFlaw(line: lines.count, reason: "its end is missing")
    }
    self.init()
    for (index, line) in lines.enumerated().dropFirst().dropLast(2) {
      guard take(line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }) else {
        throw StateFlaw(line: index + 1, reason: "it is no order, or one that stands there twice")
      }
    }
  }

  private mutating func take(_ words: [String]) -> Bool {
    guard words.count == 3, ReplicaConfiguration.isName(words[1]) else { return false }
    let name = words[1]
    switch words[0] {
    case "order":
      guard let order = ReplicaOrder(rawValue: words[2]), order != .ready,
        self[name].order == .ready
      else { return false }
      self[name].order = order
    case "weight":
      guard let weight = Int(words[2]), ReplicaConfiguration.weights.contains(weight),
        self[name].weight == nil
      else { return false }
      self[name].weight = weight
    default: return false
    }
    return true
  }
}
