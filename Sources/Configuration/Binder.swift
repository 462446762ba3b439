/// Gives a `Document` its meaning: finds each setting's key in the `Schema` and sets its value.
///
/// One is made for each load. It goes on behind every error, so that one run reports them all.
struct Binder {
  var configuration = Configuration()
  var diagnostics: Diagnostics
  /// The sections that were read, by title.
  var sections: [String: BoundSection] = [:]
  /// The `[replica NAME]` sections, in reading order; behind those of `ports` once validated.
  var replicas: [BoundReplica] = []
  /// The control socket's path came from `LBD_SOCKET`, since the conf says none.
  var isControlFromEnvironment = false
  /// Whether something was left out that may have held replicas.
  var hasGaps: Bool

  init(diagnostics: Diagnostics, hasGaps: Bool) {
    self.diagnostics = diagnostics
    self.hasGaps = hasGaps
  }

  /// The variable that tells lbctl where the socket is tells lbd too, unless the conf does.
  mutating func takeControl(from environment: [String: String], file: String) {
    guard sections["[lbd]"]?.settings["control"] == nil,
      environment["LBD_SOCKET"]?.isEmpty == false
    else { return }
    switch Expansion(of: "${LBD_SOCKET}", in: environment) {
    case .refused(let refusal): refuseControl(refusal, file)
    case .text(let text, _):
      switch Form.socketPath.read(text) {
      case .refused(let refusal): refuseControl(refusal, file)
      case .value(let path):
        configuration.control = path
        isControlFromEnvironment = true
      }
    }
  }

  private mutating func refuseControl(_ refusal: Refusal, _ file: String) {
    diagnostics.add(file: file, "bad value of the variable LBD_SOCKET: \(refusal.why)")
  }

  mutating func bind(_ document: Document) {
    hasGaps = hasGaps || !document.loose.isEmpty
    for setting in document.loose {
      diagnostics.add(
        setting.location,
        "\(quoted(setting.key)) stands before any section, \(Binder.remedy(for: setting))"
      )
    }
    for section in document.sections { bind(section) }
  }

  private mutating func bind(_ section: DocumentSection) {
    if section.isRefused { return inspectUnread(section) }
    let isReplica = section.kind == Schema.replica.kind
    let schema = Schema.sections.first { $0.kind == section.kind }
    guard isReplica || schema != nil else { return refuseUnknown(section) }
    guard isNamedAsItShould(section, isReplica: isReplica) else {
      return inspect(section, as: section.kind, isSure: true)
    }
    if let first = sections[section.title] {
      diagnostics.add(
        section.location,
        "\(section.title) again, it began at \(first.location.fileAndLine): merge the two")
    }
    var bound = sections[section.title] ?? BoundSection(location: section.location)
    if let schema {
      var filled = configuration
      bind(section, to: schema, &filled, &bound)
      configuration = filled
    } else {
      bindReplica(section, &bound)
    }
    sections[section.title] = bound
  }

  private mutating func bindReplica(_ section: DocumentSection, _ bound: inout BoundSection) {
    let isAgain = sections[section.title] != nil
    // The address is required: a replica that keeps this one is never handed out.
    var replica = ReplicaConfiguration(name: section.name ?? "", address: .unix(""))
    bind(section, to: Schema.replica, &replica, &bound)
    for key in Schema.replica.keys where key.isRequired && bound.settings[key.name] == nil {
      diagnostics.add(
        section.location, "\(section.title) has no \(key.name), add \(key.name) = \(key.form)")
    }
    if !isAgain { replicas.append(BoundReplica(replica: replica, section: bound)) }
  }

  /// Sets every key of one section.
  mutating func bind<Root>(
    _ section: DocumentSection, to schema: Section<Root>, _ root: inout Root,
    _ bound: inout BoundSection
  ) {
    for setting in section.settings {
      guard let key = schema[setting.key] else {
        hasGaps = hasGaps || section.kind == "lbd"
        diagnostics.add(setting.location, Binder.unknown(setting, in: section, of: schema))
        continue
      }
      if let first = bound.settings[key.name] {
        diagnostics.add(
          setting.location,
          "\(quoted(key.name)) again, it was set at \(first.location.fileAndLine): remove one")
        continue
      }
      bound.settings[key.name] = setting
      let refusal = setting.value.flatMap { key.set($0, &root) }
      if let refusal {
        refuse(setting, in: section, refusal) { text in
          var trial = root
          return key.set(text, &trial) == nil
        }
      }
      if refusal != nil || setting.value == nil { bound.failed.insert(key.name) }
    }
  }
}

/// One section of the conf, bound.
struct BoundSection {
  let location: SourceLocation
  /// By key, good or bad.
  var settings: [String: Setting] = [:]
  /// The keys whose values were refused.
  var failed: Set<String> = []

  func origin(of key: String) -> Origin { settings[key].map(Origin.init) ?? .builtIn }
}

/// One replica with what it takes to say where it came from.
struct BoundReplica {
  var replica: ReplicaConfiguration
  let section: BoundSection
}

// MARK: Refusals

extension Binder {
  private mutating func isNamedAsItShould(_ section: DocumentSection, isReplica: Bool) -> Bool {
    switch (isReplica, section.name) {
    case (true, nil):
      diagnostics.add(section.location, "[replica] has no name, write [replica r1]")
    case (true, let name?) where !ReplicaConfiguration.isName(name):
      let bare = name.filter { $0 != "\"" && $0 != "'" }
      guard bare == name || !ReplicaConfiguration.isName(bare) else {
        diagnostics.add(
          section.nameLocation ?? section.location,
          "\(quoted(name)) has quotes, write [replica \(bare)]")
        break
      }
      diagnostics.add(
        section.nameLocation ?? section.location,
        "\(quoted(name)) is no name, write up to 64 ASCII letters, digits, \".\", \"_\" or \"-\"")
    case (false, _?):
      diagnostics.add(
        section.nameLocation ?? section.location,
        "[\(section.kind)] takes no name, write [\(section.kind)]")
    default: return true
    }
    hasGaps = true
    return false
  }

  /// - Parameter isAccepted: whether the setting's key takes another text.
  mutating func refuse(
    _ setting: Setting, in section: DocumentSection, _ refusal: Refusal,
    isAccepted: (String) -> Bool
  ) {
    let start = "bad value for \(quoted(setting.key)) in \(section.title): "
    let (key, text) = (setting.key, setting.value ?? "")
    if let hint = Slips.hint(value: text, of: key, in: section.kind) {
      return diagnostics.add(setting.valueLocation, "\(start)\(quoted(text)) \(hint)")
    }
    if diagnostics.hasRoom,
      let mend = Mend.find(text, of: key, in: section.kind, isAccepted: isAccepted)
    {
      return diagnostics.add(
        setting.valueLocation,
        "\(start)\(quoted(text)) \(mend.reason), write \(key) = \(clipped(mend.text))")
    }
    for refusal in [refusal] + refusal.others {
      let offset = setting.valueLocation.offset + (setting.isVerbatim ? refusal.offset : 0)
      diagnostics.add(
        SourceLocation(line: setting.location.line, offset: offset), start + refusal.why)
    }
  }
}
