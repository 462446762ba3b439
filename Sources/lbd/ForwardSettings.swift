// What `[forward]` says, as the workers hold it.

import Configuration
import HTTPWire
import LinuxIO

extension Network {
  /// Nil for what the conf's own reader would have refused.
  init?(_ range: NetworkRange) {
    guard let start = IPAddress(Array(range.address.utf8).span) else { return nil }
    self.init(start, prefix: range.prefix)
  }
}

extension ForwardRules {
  init(_ forward: ForwardConfiguration, mark: UInt64) {
    self.init(
      mark: mark, statesVia: forward.via, statesForwarded: forward.forwarded,
      dropped: DroppedFields(forward.drop ?? []))
  }
}

extension ProxyProtocol {
  var version: ProxyVersion? {
    switch self {
    case .off: nil
    case .v1: .v1
    case .v2: .v2
    }
  }
}
