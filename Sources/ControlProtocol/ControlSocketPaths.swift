// Where the control socket is while nobody says so. lbd takes the first of these paths where it may make
// one, lbctl the first at which somebody answers.

/// The paths of the control socket, in their order.
package enum ControlSocketPaths {
  /// Root's, and that of the user whom the package's unit runs lbd as.
  package static let system = "/run/lbd/lbd.sock"
  /// Everybody's, in the directory where lbd is started.
  package static let local = "run/lbd.sock"

  /// All of them. A session's own directory is between the two, where there is one.
  package static func all(environment: [String: String]) -> [String] {
    let session = environment["XDG_RUNTIME_DIR"].flatMap { directory in
      directory.hasPrefix("/") ? "\(directory)/lbd.sock" : nil
    }
    return [system] + (session.map { [$0] } ?? []) + [local]
  }
}
