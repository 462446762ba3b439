/// How the table of slips is asked.

extension Slips {
  /// What was meant by a key that a section does not have.
  static func hint(key: String, in section: String) -> String? {
    keyRows[squeezed(key)]?.lazy.map { keys[$0] }.first { row in
      row.sections == "*" || row.sections.split(separator: " ").contains { $0 == section }
    }?.hint
  }

  static func hint(section: String) -> String? {
    sectionRows[squeezed(section)].map { sections[$0].hint }
  }

  /// What was meant by a value that its key does not accept.
  static func hint(value: String, of key: String, in section: String) -> String? {
    guard value.utf8.count <= 64 else { return nil }
    let (name, word, plain) = ("\(section).\(key)", value.lowercased(), squeezed(value))
    return values.first { row in
      row.key == name
        && row.words.split(separator: " ").contains { entry in
          // What has no letters is held as it is.
          entry == word || !plain.isEmpty && squeezed(entry) == plain
        }
    }?.hint
  }

  /// The key that is written like this but for case, `_`, `-` and `.`.
  static func known(_ text: String) -> String? { knownKeys[squeezed(text)] }

  static func known(_ text: String, among words: [String]) -> String? {
    let plain = squeezed(text)
    return plain.isEmpty ? nil : words.first { squeezed($0) == plain }
  }

  /// Its letters and digits alone, small.
  static func squeezed(_ text: some StringProtocol) -> String {
    let bytes = text.utf8.prefix(64).filter { $0.isLetter || $0.isDigit }
    return String(decoding: bytes, as: UTF8.self).lowercased()
  }

  // MARK: Made once, since a conf may have thousands of errors

  /// Where the rows of a key are.
  private static let keyRows: [String: [Int]] = {
    var rows: [String: [Int]] = [:]
    for (index, row) in keys.enumerated() {
      for word in row.words.split(separator: " ") {
        rows[squeezed(word), default: []].append(index)
      }
    }
    return rows
  }()

  private static let sectionRows: [String: Int] = {
    let all = sections.enumerated().flatMap { index, row in
      row.words.split(separator: " ").map { (squeezed($0), index) }
    }
    return Dictionary(all) { first, _ in first }
  }()

  private static let knownKeys: [String: String] = {
    let names =
      Schema.sections.flatMap { $0.keys.map(\.name) } + Schema.replica.keys.map(\.name)
      + [Schema.include.name]
    return Dictionary(names.map { (squeezed($0), $0) }) { first, _ in first }
  }()
}
