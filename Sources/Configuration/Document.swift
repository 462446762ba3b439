/// A conf as it was written: its sections and settings in reading order, all files in one.
///
/// The `DocumentReader` makes it, the `Binder` gives it meaning; it knows no key but `include`.
struct Document {
  var sections: [DocumentSection] = []
  /// Settings that stand before any section.
  var loose: [Setting] = []
}

/// One `[kind]` or `[kind NAME]` and what stands below it, included files left out.
struct DocumentSection {
  let kind: String
  let name: String?
  /// Of the word behind the bracket.
  let location: SourceLocation
  let nameLocation: SourceLocation?
  /// Whether the header could not be read, which has been reported.
  var isRefused = false
  var settings: [Setting] = []

  var title: String { name.map { "[\(clipped(kind)) \(clipped($0))]" } ?? "[\(clipped(kind))]" }
}

/// One `key = value`.
struct Setting {
  let key: String
  let location: SourceLocation
  /// Expanded; nil when that failed, which has been reported.
  let value: String?
  let valueLocation: SourceLocation
  let variables: [String]
  /// Whether the value stands in the line as it is, so that an offset into it is one into the line.
  let isVerbatim: Bool

  /// The value, unless it is a variable's: that is not to be written in its place.
  var written: String? { isVerbatim ? value : nil }
}
