/// Reads a conf and all that it includes into one `Document`.
///
/// Owns the order of lines and the bounds of a load: files of at most 1 MiB, 16 MiB of them, 8 deep,
/// 1000 in all.
/// One is made for each load.
struct DocumentReader {
  private(set) var document = Document()
  private(set) var diagnostics = Diagnostics()
  private let environment: [String: String]
  private let files: any ConfigurationFiles
  /// The files that are being read, outermost first.
  private var open: [String] = []
  private var lineCount = 0
  private var fileCount = 0
  private var byteCount = 0
  /// Whether something was left out that may have held replicas.
  private(set) var hasGaps = false
  /// Whether the first file could be read.
  private(set) var isOpened = false

  static let fileLimit = 1 << 20
  static let totalLimit = 16 << 20
  static let depthLimit = 8
  static let countLimit = 1000

  /// What a setting belongs to.
  private enum Current {
    case none
    case section(Int)
  }

  init(environment: [String: String], files: any ConfigurationFiles) {
    self.environment = environment
    self.files = files
  }

  /// `origin` is the `include` that names the file, nil for the one that lbd was started with.
  mutating func read(_ path: String, from origin: SourceLocation? = nil) {
    fileCount += 1
    switch files.read(path, limit: DocumentReader.fileLimit) {
    case .failed(let reason):
      refuse(path, from: origin, "\(printable(reason)), name a file that can be read")
    case .bytes(let bytes) where bytes.count > DocumentReader.fileLimit:
      refuse(path, from: origin, "larger than 1 MiB, a conf is not: check the path")
    case .bytes(let bytes) where byteCount + bytes.count > DocumentReader.totalLimit:
      refuse(
        path, from: origin, "with it the conf has more than 16 MiB, a conf has not: check include")
    case .bytes(let bytes):
      byteCount += bytes.count
      isOpened = true
      open.append(path)
      read(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...], of: path)
      open.removeLast()
    }
  }

  private mutating func refuse(_ path: String, from origin: SourceLocation?, _ why: String) {
    hasGaps = true
    if let origin {
      diagnostics.add(origin, "cannot read \(quoted(path)): \(why)")
    } else {
      diagnostics.add(file: path, why)
    }
  }

  private mutating func read(_ bytes: ArraySlice<UInt8>, of path: String) {
    var current = Current.none
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      lineCount += 1
      let content = line.last == 0x0D ? line.dropLast() : line
      take(SourceLine(file: path, number: number, order: lineCount, bytes: content), &current)
    }
  }

  private mutating func take(_ line: SourceLine, _ current: inout Current) {
    switch LineContent(line) {
    case .blank: break
    case .malformed(let why, let offset):
      diagnostics.add(SourceLocation(line: line, offset: offset), why)
      hasGaps = true
      if line.bytes.first(where: { !$0.isBlank }) == .openBracket { current = unread(line) }
    case .section(let kind, let name):
      current = .section(document.sections.count)
      document.sections.append(
        DocumentSection(
          kind: kind.text, name: name?.text,
          location: SourceLocation(line: line, offset: kind.offset),
          nameLocation: name.map { SourceLocation(line: line, offset: $0.offset) }))
    case .setting(let key, let value):
      take(expanded(key, value, on: line), current)
    }
  }

  /// A section whose header is refused: what stands below it is checked by the word that it begins with.
  private mutating func unread(_ line: SourceLine) -> Current {
    let word = line.text.drop { " \t[".contains($0) }.prefix { !" \t]".contains($0) }
    document.sections.append(
      DocumentSection(
        kind: String(word), name: nil, location: SourceLocation(line: line, offset: 0),
        nameLocation: nil,
        isRefused: true))
    return .section(document.sections.count - 1)
  }

  private mutating func take(_ setting: Setting, _ current: Current) {
    switch current {
    case .none where setting.key == Schema.include.name: include(setting)
    case .none: document.loose.append(setting)
    case .section(let index) where setting.key == Schema.include.name:
      guard !document.sections[index].isRefused else { return }
      guard document.sections[index].kind == "lbd" else {
        let title = document.sections[index].title
        diagnostics.add(
          setting.location,
          "include stands in \(title), move it to [lbd] or above the first section")
        return
      }
      include(setting)
    case .section(let index): document.sections[index].settings.append(setting)
    }
  }

  private mutating func expanded(_ key: Word, _ value: Word, on line: SourceLine) -> Setting {
    let location = SourceLocation(line: line, offset: value.offset)
    var text: String?
    var variables: [String] = []
    switch Expansion(of: value.text, in: environment) {
    case .text(let expanded, let names): (text, variables) = (expanded, names)
    case .refused(let refusal):
      diagnostics.add(
        SourceLocation(line: line, offset: value.offset + refusal.offset), refusal.why)
    }
    if text == "" {
      diagnostics.add(location, "\(quoted(key.text)) has no value, write one or remove the line")
      text = nil
    }
    return Setting(
      key: key.text, location: SourceLocation(line: line, offset: key.offset), value: text,
      valueLocation: location,
      variables: variables, isVerbatim: text == value.text)
  }
}

// MARK: Includes

extension DocumentReader {
  private mutating func include(_ setting: Setting) {
    guard let value = setting.value else { return }
    guard value.utf8.first != UInt8(ascii: "\""), value.utf8.first != UInt8(ascii: "'") else {
      hasGaps = true
      diagnostics.add(
        setting.valueLocation, "\(quoted(value)) has quotes, write the path without them")
      return
    }
    guard value.utf8.last != .semicolon else {
      hasGaps = true
      diagnostics.add(
        setting.valueLocation,
        "\(quoted(value)) ends with a semicolon, write include = \(clipped(value.dropLast()))")
      return
    }
    let base = setting.location.line.file.utf8
    let directory = base.lastIndex(of: .slash).map { String(base[...$0]) ?? "" } ?? ""
    let pattern = value.hasPrefix("/") ? value : directory + value
    for path in paths(of: pattern, for: setting) { follow(path, from: setting.valueLocation) }
  }

  private mutating func paths(of pattern: String, for setting: Setting) -> [String] {
    guard pattern.utf8.contains(where: { "*?[".utf8.contains($0) }) else { return [pattern] }
    switch files.expand(pattern) {
    // By bytes: the same order under every locale.
    case .paths(let paths): return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    case .failed(let reason):
      diagnostics.add(
        setting.valueLocation,
        "cannot list \(quoted(pattern)): \(printable(reason)), name a directory that can be read")
      return []
    }
  }

  private mutating func follow(_ path: String, from location: SourceLocation) {
    if open.contains(path) {
      let circle = (open.drop { $0 != path } + [path]).map { clipped($0) }
      diagnostics.add(
        location, "an include in a circle (\(circle.joined(separator: " > "))), remove this one")
    } else if open.count >= DocumentReader.depthLimit {
      diagnostics.add(
        location, "includes more than \(DocumentReader.depthLimit) deep, name the file further up")
    } else if fileCount >= DocumentReader.countLimit {
      diagnostics.add(
        location, "more than \(DocumentReader.countLimit) files in all, merge some of them")
    } else {
      read(path, from: location)
    }
  }
}
