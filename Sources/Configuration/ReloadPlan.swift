/// What a reload comes to: the configuration that takes force, what changes by it, and what stays as it
/// is because only a restart changes that.
///
/// Pure; `lbd` makes one before it changes anything, for `lbctl reload --dry-run` too.
package struct ReloadPlan: Sendable, Equatable {
  /// The new configuration, with the former values of what stays.
  package let next: Configuration
  /// One line for each thing that changes: `+` comes, `-` goes, `~` is another.
  package let changes: [String]
  /// The same for what stays.
  package let leftOut: [String]
  /// The same for what does not count, whatever the conf says.
  package let overruled: [String]

  /// - Parameters:
  ///   - running: what is in force, with the replicas that are in the pool now.
  ///   - listensOnPassedSocket: a socket that was passed says where lbd listens, not the conf.
  package init(
    from running: Configuration, to loaded: Configuration, listensOnPassedSocket: Bool = false
  ) {
    var next = loaded
    var (changes, leftOut, overruled): ([String], [String], [String]) = ([], [], [])
    for section in Schema.sections {
      for key in section.keys where key.written(running) != key.written(loaded) {
        let (old, new) = (
          ReloadPlan.text(key.written(running)), ReloadPlan.text(key.written(loaded))
        )
        let line = "[\(section.kind)] \(key.name): \(old) -> \(new)"
        if key.isFixed {
          key.copy(running, &next)
          leftOut.append(line)
        } else if listensOnPassedSocket && section.kind == "lbd"
          && ["host", "main_port"].contains(key.name)
        {
          overruled.append(line)
        } else {
          changes.append("~ \(line)")
        }
      }
    }
    self.next = next
    self.leftOut = leftOut
    self.overruled = overruled
    self.changes = changes + ReloadPlan.changes(of: running.replicas, to: loaded.replicas)
  }

  private static func text(_ value: String) -> String { value.isEmpty ? "not set" : value }

  private static func changes(
    of running: [ReplicaConfiguration], to loaded: [ReplicaConfiguration]
  ) -> [String] {
    let former = Dictionary(running.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(loaded.map(\.name))
    let gone = running.filter { !names.contains($0.name) }
    return gone.map { "- replica \($0.name) (\($0.address))" }
      + loaded.flatMap { change(of: former[$0.name], to: $0) }
  }

  private static func change(
    of former: ReplicaConfiguration?, to replica: ReplicaConfiguration
  ) -> [String] {
    guard let former else { return ["+ replica \(replica.name) (\(replica.address))"] }
    return Schema.replica.keys.compactMap { key in
      let (old, new) = (key.written(former), key.written(replica))
      return old == new ? nil : "~ replica \(replica.name): \(key.name) \(old) -> \(new)"
    }
  }

  /// What `lbd -T` would print of the loaded conf, with the values that are in force.
  package func correct(_ effective: String) -> String {
    let fixed = Schema.sections.flatMap { section in
      section.keys.filter(\.isFixed).map { (section.kind, $0) }
    }
    var section = ""
    let lines = effective.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("[") { section = String(line) }
      let key = fixed.first { kind, key in
        section == "[\(kind)]" && line.hasPrefix("\(key.name) = ")
      }
      guard let (_, key) = key else { return String(line) }
      let value = key.written(next)
      guard !line.hasPrefix("\(key.name) = \(value) ") else { return String(line) }
      return "\(key.name) = \(value)  ; since the start; the rest of the line is for the next one:"
        + String(line.dropFirst(key.name.utf8.count + 2))
    }
    return lines.joined(separator: "\n")
  }
}
