/// How requests wait while no replica can take them: `[hold]`.
package struct HoldConfiguration: Sendable, Equatable {
  /// What one request may wait, 10ms to 5m; nil for not at all.
  package var timeout: Duration? = .seconds(2)
  /// Requests that may wait at once, 1 to 1,000,000.
  package var queue = 1024

  package init() {}
}
