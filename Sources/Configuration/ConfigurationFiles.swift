/// The files a conf is made of, as its caller reaches them; this module does no I/O itself.
///
/// `lbd` implements it over `open` and `glob`, tests over a dictionary. Called only during a load.
package protocol ConfigurationFiles {
  /// The bytes of `path`. May stop reading once it has more than `limit` bytes: such a file is refused.
  func read(_ path: String, limit: Int) -> FileOutcome
  /// The paths that match `pattern` (`glob(3)`), in any order; none is not a failure.
  func expand(_ pattern: String) -> GlobOutcome
}

/// What reading a file came to.
package enum FileOutcome: Sendable {
  /// All of its bytes, or more than the limit of them.
  case bytes([UInt8])
  /// Why not, in words that fit behind "cannot read FILE: ", such as `no such file`.
  case failed(String)
}

/// What listing a pattern came to.
package enum GlobOutcome: Sendable {
  /// In any order, perhaps none.
  case paths([String])
  /// Why not, in words that fit behind "cannot list PATTERN: ".
  case failed(String)
}
