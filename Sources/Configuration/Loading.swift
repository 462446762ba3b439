/// The way from a path to a `Configuration`, and what can come of it.
///
/// `lbd` calls it at its start, for `-t` and `-T`, and at every reload, on a thread of its own. Costs a
/// few milliseconds; bounded whatever the files hold.

/// A whole configuration, or all that is wrong with it.
package enum LoadOutcome: Sendable {
  /// `effective` is what `lbd -T` prints: a conf that loads as this one, with each value's origin.
  case loaded(Configuration, effective: String)
  /// At least one, in reading order.
  case refused([Diagnostic])
}

extension Configuration {
  /// Reads `path` and what it includes, fills in variables and defaults, and checks all of it. What is
  /// wrong is told in one run, of endless errors the first; changes nothing outside.
  /// - Parameters:
  ///   - environment: for `${NAME}`, and `LBD_SOCKET` where the conf has no `control`.
  ///   - control: what `control` is where nobody says.
  package static func load(
    path: String, environment: [String: String], files: any ConfigurationFiles,
    control: String = Configuration().control
  ) -> LoadOutcome {
    var reader = DocumentReader(environment: environment, files: files)
    reader.read(path)
    var binder = Binder(diagnostics: reader.diagnostics, hasGaps: reader.hasGaps)
    // Of a file that cannot be read there is nothing more to say.
    guard reader.isOpened else { return .refused(reader.diagnostics.inOrder(file: path)) }
    binder.configuration.control = control
    binder.bind(reader.document)
    binder.takeControl(from: environment, file: path)
    binder.validate(file: path)
    guard binder.diagnostics.isEmpty else {
      return .refused(binder.diagnostics.inOrder(file: path))
    }
    return .loaded(binder.configuration, effective: binder.effectiveText)
  }
}
