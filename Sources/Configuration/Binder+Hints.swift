/// What to write in the place of a section or key that there is not.

extension Binder {
  static func hint(_ section: DocumentSection, among kinds: [String]) -> String {
    let kind = section.kind
    let parts = parts(of: kind)
    if parts.count == 2, let known = Slips.known(String(parts[0]), among: kinds) {
      let isNamed = known == Schema.replica.kind && ReplicaConfiguration.isName(String(parts[1]))
      return "write [\(known)\(isNamed ? " \(parts[1])" : "")]"
    }
    if let known = Slips.known(kind, among: kinds) { return "write [\(known)]" }
    if let hint = Slips.hint(section: kind) { return hint }
    return nearest(to: kind, among: kinds).map { "did you mean \(quoted($0))?" }
      ?? "the sections are \(kinds.joined(separator: ", "))"
  }

  /// `[replica.r1]` and `[replica:r1]`, and tables within tables.
  private static func parts(of kind: String) -> [Substring] {
    kind.split(maxSplits: 1, omittingEmptySubsequences: false) { ".:/".contains($0) }
  }

  /// The section that a word stands for, unless the table of slips says more of it.
  static func meant(by kind: String, among kinds: [String]) -> String? {
    let first = String(parts(of: kind)[0])
    if let known = Slips.known(kind, among: kinds) ?? Slips.known(first, among: kinds) {
      return known
    }
    return Slips.hint(section: kind) == nil ? nearest(to: kind, among: kinds) : nil
  }

  static func unknown<Root>(
    _ setting: Setting, in section: DocumentSection, of schema: Section<Root>
  ) -> String {
    "unknown key \(quoted(setting.key)) in \(section.title), "
      + hint(setting, in: section.kind, among: schema.keys.map(\.name))
  }

  private static func hint(_ setting: Setting, in kind: String, among names: [String]) -> String {
    let key = setting.key
    if let known = Slips.known(key, among: names) { return "write \(known)" }
    if let hint = Slips.hint(key: key, value: setting.written, in: kind) ?? Slips.server(key) {
      return hint
    }
    let homes = homes(of: key)
    if !homes.isEmpty { return "it belongs in \(list(homes))" }
    if let near = nearest(to: key, among: names) { return "did you mean \(quoted(near))?" }
    // `lbd.host`, `set host`.
    let word = key.split { ". \t".contains($0) }.last.map { String($0) } ?? ""
    if word != key, let known = Slips.known(word) {
      return "write \(known) below \(list(self.homes(of: known)))"
    }
    let all = Schema.sections.flatMap { $0.keys.map(\.name) } + Schema.replica.keys.map(\.name)
    if let near = Slips.known(key, among: all) ?? nearest(to: key, among: all) {
      return "did you mean \(quoted(near)) in \(list(self.homes(of: near)))?"
    }
    return "its keys are \(names.joined(separator: ", "))"
  }

  /// Where a setting that stands before any section should stand.
  static func remedy(for setting: Setting) -> String {
    let key = setting.key
    if Schema.sections.contains(where: { $0.kind == "lbd" && $0[key] != nil }) {
      return "write [lbd] above it"
    }
    if let hint = Slips.hint(key: key, value: setting.written, in: "lbd") ?? Slips.server(key) {
      return hint
    }
    let homes = homes(of: key)
    return "write \(homes.isEmpty ? "[lbd]" : list(homes)) above it"
  }

  /// The sections that have such a key.
  private static func homes(of key: String) -> [String] {
    Schema.sections.filter { $0[key] != nil }.map(\.kind)
      + (Schema.replica[key] == nil ? [] : ["\(Schema.replica.kind) NAME"])
  }

  private static func list(_ sections: [String]) -> String {
    sections.map { "[\($0)]" }.joined(separator: " or ")
  }
}
