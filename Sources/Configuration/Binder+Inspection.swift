/// What is wrong below a section that is refused itself. None of it is kept.

extension Binder {
  mutating func refuseUnknown(_ section: DocumentSection) {
    hasGaps = true
    let kinds = Schema.sections.map(\.kind) + [Schema.replica.kind]
    diagnostics.add(
      section.location, "unknown section \(section.title), \(Binder.hint(section, among: kinds))")
    inspect(section, as: Binder.meant(by: section.kind, among: kinds), isSure: false)
  }

  /// A section whose header could not be read: what it begins with may be a section's name.
  mutating func inspectUnread(_ section: DocumentSection) {
    let kinds = Schema.sections.map(\.kind) + [Schema.replica.kind]
    inspect(
      section, as: Binder.meant(by: section.kind, among: kinds),
      isSure: kinds.contains(section.kind))
  }

  /// Checks the values of a section by the keys of the one that was meant.
  /// - Parameter isSure: whether its unknown keys are errors too, not what comes of another program.
  mutating func inspect(_ section: DocumentSection, as kind: String?, isSure: Bool) {
    for setting in section.settings {
      guard let home = kind ?? Binder.onlyHome(of: setting.key) else { continue }
      var part = DocumentSection(
        kind: home, name: home == Schema.replica.kind ? section.name ?? "NAME" : nil,
        location: section.location, nameLocation: section.nameLocation)
      part.settings = [setting]
      check(part, isSure: isSure)
    }
  }

  private mutating func check(_ section: DocumentSection, isSure: Bool) {
    var bound = BoundSection(location: section.location)
    if section.kind == Schema.replica.kind {
      guard isSure || section.settings.contains(where: { Schema.replica[$0.key] != nil }) else {
        return
      }
      var trial = ReplicaConfiguration(name: "", address: .unix(""))
      bind(section, to: Schema.replica, &trial, &bound)
    } else if let schema = Schema.sections.first(where: { $0.kind == section.kind }) {
      guard isSure || section.settings.contains(where: { schema[$0.key] != nil }) else { return }
      var trial = Configuration()
      bind(section, to: schema, &trial, &bound)
    }
  }

  /// The one section that has such a key.
  private static func onlyHome(of key: String) -> String? {
    let homes =
      Schema.sections.filter { $0[key] != nil }.map(\.kind)
      + (Schema.replica[key] == nil ? [] : [Schema.replica.kind])
    return homes.count == 1 ? homes[0] : nil
  }
}
