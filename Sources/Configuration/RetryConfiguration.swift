/// When a request that failed at one replica goes to another: `[retry]`.
package struct RetryConfiguration: Sendable, Equatable {
  /// Further attempts after the first, each on a replica not yet tried, 0 to 10.
  package var attempts = 2
  /// The share of the pool's requests of the last 10 s that may be made again, in percent, 0 to 100;
  /// 3 always may.
  package var budget = 20
  /// The statuses of a replica that send a request to another one, 400 to 599; nil for none.
  package var statuses: StatusRanges?

  package init() {}
}
