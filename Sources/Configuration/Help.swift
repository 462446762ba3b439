/// What `lbd --help-config [KEY]` prints, made from the `Schema`.

extension Configuration {
  /// All keys, or those of one name (`interval`, `health.interval`) or section (`health`); nil when
  /// there is no such key.
  package static func help(key: String?) -> String? {
    var blocks = Schema.sections.flatMap { section in
      block(of: section, title: "[\(section.kind)]", Configuration(), key)
    }
    let replica = ReplicaConfiguration(name: "", address: .unix(""))
    blocks += block(of: Schema.replica, title: "[replica NAME]", replica, key)
    return blocks.isEmpty ? nil : blocks.joined(separator: "\n")
  }

  private static func block<Root>(
    of section: Section<Root>, title: String, _ defaults: Root, _ wanted: String?
  ) -> [String] {
    var entries = section.keys.filter { isWanted($0.name, section.kind, wanted) }.map { key in
      let value = key.isRequired ? "" : key.written(defaults)
      let standing =
        value.isEmpty ? (key.isRequired ? "required" : "no default") : "default \(value)"
      return entry(key.name, key.help, key.form, standing)
    }
    let include = Schema.include
    if section.kind == "lbd", isWanted(include.name, section.kind, wanted) {
      entries.append(entry(include.name, include.help, include.form, "may stand more than once"))
    }
    guard !entries.isEmpty else { return [] }
    return ["\(title)  \(section.help)\n" + entries.joined()]
  }

  private static func isWanted(_ key: String, _ section: String, _ wanted: String?) -> Bool {
    guard let wanted else { return true }
    return [key, section, "\(section).\(key)"].contains(wanted)
  }

  private static func entry(
    _ name: String, _ help: String, _ form: String, _ standing: String
  ) -> String {
    let start = "  \(name)" + String(repeating: " ", count: max(1, 15 - name.utf8.count))
    let indent = String(repeating: " ", count: 17)
    return fitted(start, help) + fitted(indent, "\(form); \(standing)")
  }

  /// A text in lines of at most 80 columns; what goes on is set in further.
  private static func fitted(_ start: String, _ text: String) -> String {
    var lines = [start]
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty && lines[lines.count - 1].count + 1 + word.count > 80 {
        lines.append(String(repeating: " ", count: 19))
        isEmpty = true
      }
      lines[lines.count - 1] += isEmpty ? "\(word)" : " \(word)"
      isEmpty = false
    }
    return lines.map { "\($0)\n" }.joined()
  }
}
