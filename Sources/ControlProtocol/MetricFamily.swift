// What a family of metrics is. Those of lbd and its workers are listed where lbd writes them, those of
// a replica in `ReplicaFigure`.

/// A family of metrics, as the HELP and TYPE lines of Prometheus' text describe it.
package struct MetricFamily: Sendable {
  /// What Prometheus may do with the samples.
  package enum Kind: String, Sendable { case counter, gauge, histogram }

  package let name: String
  package let kind: Kind
  /// In the order of the text; a histogram's `le` is not among them.
  package let labels: [String]
  package let help: String

  /// A family of one sample without labels.
  /// - Parameter name: without `lbd_`, which begins the name of every family.
  package init(_ name: String, _ kind: Kind, _ help: String) {
    self.init(name, kind, [], help)
  }

  /// A family of a sample for each combination of the labels' values.
  /// - Parameters:
  ///   - name: without `lbd_`.
  ///   - help: a sentence without backslashes and line feeds, which the text would have to escape.
  package init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String) {
    self.name = "lbd_" + name
    self.kind = kind
    self.labels = labels
    self.help = help
  }
}
