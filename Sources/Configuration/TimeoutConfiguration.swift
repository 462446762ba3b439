/// How long lbd waits, for each thing it waits for: `[timeouts]`. All are finite.
///
/// Read by the workers when a snapshot is adopted, not per request.
package struct TimeoutConfiguration: Sendable, Equatable {
  /// For a connection to a replica, 10ms to 5m.
  package var connect = Duration.seconds(1)
  /// From the request sent to the first byte of the response, 10ms to 24h.
  package var response = Duration.seconds(30)
  /// Between two bytes of an exchange under way, 10ms to 24h.
  package var idle = Duration.seconds(60)
  /// The same for a tunnel, 10ms to 24h.
  package var tunnelIdle = Duration.seconds(3600)
  /// For a whole request head from a client, 10ms to 1h.
  package var clientHeader = Duration.seconds(10)
  /// For the next request on a client's open connection, 10ms to 24h. Above the 60s after which
  /// balancers of clouds close theirs: whoever closes first must not be the one who gets requests.
  package var clientIdle = Duration.seconds(75)
  /// For what is in flight after a stop, 10ms to 24h.
  package var drain = Duration.seconds(30)

  package init() {}
}
