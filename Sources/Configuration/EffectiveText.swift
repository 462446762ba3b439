/// What `lbd -T` prints: every key with its value, and behind it where that came from.
///
/// The text is itself a conf and loads as the same configuration.

extension Binder {
  var effectiveText: String {
    var blocks = Schema.sections.map { schema in
      block("[\(schema.kind)]", schema, configuration, sections["[\(schema.kind)]"])
    }
    for bound in replicas {
      blocks.append(
        block("[replica \(bound.replica.name)]", Schema.replica, bound.replica, bound.section))
    }
    return blocks.joined(separator: "\n")
  }

  private func block<Root>(
    _ title: String, _ schema: Section<Root>, _ root: Root, _ bound: BoundSection?
  ) -> String {
    let settings = schema.keys.map { key in
      let value = key.written(root)
      let text = value.isEmpty ? "; \(key.name) is not set" : "\(key.name) = \(value)"
      let isVariable = isControlFromEnvironment && key.name == "control"
      let origin = isVariable ? .variable("LBD_SOCKET") : bound?.origin(of: key.name) ?? .builtIn
      return (text: text, origin: origin)
    }
    // A long value pushes only its own comment aside.
    let width = settings.map(\.text.utf8.count).filter { $0 <= 40 }.max() ?? 0
    let lines = settings.map { setting in
      let gap = String(repeating: " ", count: max(0, width - setting.text.utf8.count) + 2)
      return "\(setting.text)\(gap); \(setting.origin)\n"
    }
    return "\(title)\n" + lines.joined()
  }
}
