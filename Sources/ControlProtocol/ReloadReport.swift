// What a reload came to, or what one would come to: the answer to POST /reload and to GET /conf/changes.

/// Whether a conf was applied, and what that changes; or all that is wrong with it.
package struct ReloadReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  /// The conf is good. Where it was to be taken up, it was.
  package var isAccepted: Bool
  /// A line for each thing that changes: `+` comes, `-` goes, `~` is another.
  package var changes: [String]
  /// What is not taken up, and why, each a whole line: what only a restart would change, and the like.
  package var leftOut: [String]
  /// Why it is refused; each may have several lines.
  package var errors: [String]
  /// What a rehearsal could not find out, each a whole line; nil where there is nothing of the kind.
  package var unchecked: [String]?
  /// What may be amiss with a conf that is good by itself, each a whole line; nil where nothing is.
  package var warnings: [String]?

  package init(
    isAccepted: Bool, changes: [String] = [], leftOut: [String] = [], errors: [String] = [],
    unchecked: [String] = [], warnings: [String] = []
  ) {
    self.isAccepted = isAccepted
    self.changes = changes
    self.leftOut = leftOut
    self.errors = errors
    self.unchecked = unchecked.isEmpty ? nil : unchecked
    self.warnings = warnings.isEmpty ? nil : warnings
  }

  private enum CodingKeys: String, CodingKey {
    case schema, changes, errors, unchecked, warnings
    case isAccepted = "accepted"
    case leftOut = "left_out"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("accepted", isAccepted)
      let lists = [
        ("changes", changes), ("left_out", leftOut), ("errors", errors),
      ]
      let further = [("unchecked", unchecked ?? []), ("warnings", warnings ?? [])]
      for (name, lines) in lists + further.filter({ !$0.1.isEmpty }) {
        $0.key(name)
        $0.array { for line in lines { $0.value(line) } }
      }
    }
  }
}
