// How the tests of this folder load confs: from texts, and with what came of it at hand.

import Configuration

/// Files that exist only in a test. A pattern matches what begins with the part before its first `*`.
struct MemoryFiles: ConfigurationFiles {
  var contents: [String: [UInt8]]

  init(_ texts: [String: String]) {
    contents = texts.mapValues { Array($0.utf8) }
  }

  func read(_ path: String, limit: Int) -> FileOutcome {
    contents[path].map { .bytes($0) } ?? .failed("no such file")
  }

  func expand(_ pattern: String) -> GlobOutcome {
    if pattern.hasPrefix("/secret/") { return .failed("permission denied") }
    let start = pattern.prefix { $0 != "*" }
    return .paths(contents.keys.filter { $0.hasPrefix(start) })
  }
}

/// What a load came to, in a shape that `#expect` shows well.
struct Loaded {
  var configuration: Configuration?
  var effective = ""
  var errors: [String] = []

  /// Their first lines, without the file and the word "error".
  var heads: [String] {
    errors.map { error in
      let head = String(error.split(separator: "\n", maxSplits: 1)[0])
      let rest = head.replacing("etc/lb.conf:", with: "", maxReplacements: 1)
      return rest.hasPrefix(" error: ")
        ? String(rest.dropFirst(8)) : rest.replacing(" error: ", with: " ", maxReplacements: 1)
    }
  }

  init(_ text: String, environment: [String: String] = [:], others: [String: String] = [:]) {
    let texts = others.merging(["etc/lb.conf": text]) { $1 }
    self.init(environment: environment, files: MemoryFiles(texts))
  }

  init(environment: [String: String] = [:], files: MemoryFiles) {
    switch Configuration.load(path: "etc/lb.conf", environment: environment, files: files) {
    case .loaded(let configuration, let effective):
      self.configuration = configuration
      self.effective = effective
    case .refused(let diagnostics): errors = diagnostics.map(\.description)
    }
  }

  /// `[lbd] ports = 8081` and then the text.
  static func beside(_ text: String) -> Loaded {
    Loaded("[lbd]\nports = 8081\n\(text)\n")
  }
}
