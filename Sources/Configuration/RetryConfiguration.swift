/// How often a request that no replica has executed goes to another one: `[retry]`.
package struct RetryConfiguration: Sendable, Equatable {
  /// Further attempts after the first, each on a replica not yet tried, 0 to 10.
  package var attempts = 2

  package init() {}
}
