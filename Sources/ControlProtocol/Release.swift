// The release that this source makes.

/// What `version` says; lbd, lbctl and replicad of one build say the same.
package enum Release {
  package static let version = "0.1.0"
}
