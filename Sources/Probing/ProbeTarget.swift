// What the prober is asked, and what it answers.

package import ControlProtocol
package import LinuxIO

/// Whom to probe, and what is known of it.
package struct ProbeTarget {
  let slot: Int
  let address: SocketAddress
  /// What the probe's Host field says.
  let host: String
  /// Which probe of this replica it is.
  let number: Int
  /// Nothing speaks against the replica, so that a connection which was good before may do.
  let isBeyondDoubt: Bool
  /// How many probes must fail in a row until the replica is out, 1 or more.
  let missing: Int
  /// What its latest answer took, in nanoseconds; 0 where that failed, or there was none.
  let latest: UInt64

  package init(
    slot: Int, address: SocketAddress, host: String, number: Int, isBeyondDoubt: Bool,
    missing: Int, latest: UInt64
  ) {
    self.slot = slot
    self.address = address
    self.host = host
    self.number = number
    self.isBeyondDoubt = isBeyondDoubt
    self.missing = missing
    self.latest = latest
  }
}

/// What a probe came to.
package struct ProbeResult {
  package enum Verdict {
    case pass, failure
    /// lbd itself could not ask.
    case none
  }

  package let slot: Int
  package let verdict: Verdict
  /// `200`, `refused`, `timeout` …
  package let text: String
  /// It was asked on a connection of its own.
  package let isFresh: Bool
  package let nanoseconds: UInt64

  init(
    slot: Int, verdict: Verdict, text: String, isFresh: Bool = true, nanoseconds: UInt64 = 0
  ) {
    self.slot = slot
    self.verdict = verdict
    self.text = text
    self.isFresh = isFresh
    self.nanoseconds = nanoseconds
  }

  init(
    _ target: ProbeTarget, _ verdict: Verdict, _ text: String, isFresh: Bool = true,
    nanoseconds: UInt64 = 0
  ) {
    self.init(
      slot: target.slot, verdict: verdict, text: text, isFresh: isFresh, nanoseconds: nanoseconds)
  }

  /// The verdict as `lbctl explain` and the metrics tell it.
  package var reportedVerdict: ProbeReport.Verdict {
    switch verdict {
    case .pass: .passed
    case .failure: .failed
    case .none: .notMade
    }
  }
}
