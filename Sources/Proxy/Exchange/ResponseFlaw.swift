// What was wrong with a replica's response, in words that say which rule or limit it met.

import HTTPWire
import Ledger
import Plan

extension Worker {
  /// The cause of a 502. `responseHead` is as the parser left it.
  mutating func text(of flaw: Refusal) -> String {
    switch flaw {
    case .unknownStatus: "the response's status \(responseHead.status) is none of 100 to 599"
    case .tooManyFields: "\(flaw.flaw) (\(settings.fieldLimit))"
    default: "\(flaw.flaw)"
    }
  }

  var tooLongHead: String {
    mutating get {
      "the response head is longer than [limits] header allows (\(settings.headLimit))"
    }
  }
}
