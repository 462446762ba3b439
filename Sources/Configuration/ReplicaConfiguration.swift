/// One replica as the conf names it: by a port in `ports`, or by a `[replica NAME]` section.
///
/// Made while a conf is bound; a reload matches replicas of two configurations by `name`.
package struct ReplicaConfiguration: Sendable, Equatable {
  /// 1 to 64 of letters, digits, `.`, `_` and `-`; the port's digits for one of `ports`.
  package var name: String
  package var address: ReplicaAddress
  /// Its share relative to the other replicas, within `weights`.
  package var weight: Int
  /// Requests that it may have in flight at once, 0 to 1,000,000; 0 for any number.
  package var maxRequests = 0

  package static let weights = 1...256

  package init(name: String, address: ReplicaAddress, weight: Int = 100) {
    self.name = name
    self.address = address
    self.weight = weight
  }

  /// Whether `name` may name a replica.
  package static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(\.isNameByte)
  }
}
