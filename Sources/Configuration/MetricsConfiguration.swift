/// Who may read lbd's metrics over the network: `[metrics]`.
package struct MetricsConfiguration: Sendable, Equatable {
  /// Where `GET /metrics` is answered; nil is `off`. A host is an IP address or `localhost`.
  package var listen: ReplicaAddress?

  package init() {}
}
