// The unit of all clocks of lbd.

extension Duration {
  /// The same in nanoseconds; durations of a conf are bounded, so it fits.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
