// What people call a replica: its section in the conf, its address, or its port, which several may have.
// lbd and lbctl read such a word alike.

/// The word for a replica in an order or a question.
package enum ReplicaNaming {
  /// A replica as it may be called.
  package typealias Named = (name: String, address: String)

  /// How many a message lists.
  private static let listed = 20

  /// Where those stand that may be meant: the one of this name, else all with this address or port.
  package static func find(_ text: String, among replicas: [Named]) -> [Int] {
    if let index = replicas.firstIndex(where: { $0.name == text }) { return [index] }
    let isPort = !text.isEmpty && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    return replicas.indices.filter { index in
      let address = replicas[index].address
      return address == text
        || isPort && !address.hasPrefix("unix:") && address.hasSuffix(":\(text)")
    }
  }

  /// Why the text names no one replica, and what would.
  /// - Parameter found: where `find` found some; none or several.
  package static func refusal(
    _ text: String, found: [Int], among replicas: [Named]
  ) -> String {
    if found.isEmpty {
      let names = list(replicas.map(\.name))
      let pool = replicas.isEmpty ? "the pool is empty" : "the pool has \(names)"
      return "there is no replica \(text); \(pool)"
    }
    let candidates = found.map { "\(replicas[$0].name) (\(replicas[$0].address))" }
    return "\(text) may be any of \(list(candidates)); name the one that is meant"
  }

  private static func list(_ words: [String]) -> String {
    let more = words.count > listed ? " and \(words.count - listed) more" : ""
    return words.prefix(listed).joined(separator: ", ") + more
  }
}
