// Confs: any bytes come to an answer of bounded length, and what loads is printed as it was read.

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let parts = unsafe Parts(input(start, count))
  let outcome = Configuration.load(
    path: "etc/lb.conf", environment: parts.environment, files: parts)
  switch outcome {
  case .refused(let diagnostics): requireBounded(diagnostics)
  case .loaded(let configuration, let effective):
    requireWhole(configuration)
    requireSame(configuration, effective)
  }
  return 0
}

/// The files and variables that an input is made of: byte 30 begins another file, byte 31 the next
/// variable's value.
private struct Parts: ConfigurationFiles {
  private var files: [[UInt8]] = [[]]
  private(set) var environment = ["LBD_SOCKET": "run/lbd.sock", "E": ""]

  init(_ bytes: [UInt8]) {
    let values = bytes.split(separator: 31, omittingEmptySubsequences: false)
    files = values[0].split(separator: 30, omittingEmptySubsequences: false).map(Array.init)
    for (name, value) in zip(["A", "B"], values.dropFirst()) { environment[name] = text(value) }
  }

  /// A path is any text that ends in a file's number and `.conf`.
  func read(_ path: String, limit: Int) -> FileOutcome {
    let isFirst = path == "etc/lb.conf"
    let index = isFirst ? 0 : path.hasSuffix(".conf") ? path.utf8.dropLast(5).last.map(digit) : nil
    guard let index, files.indices.contains(index) else { return .failed("no such file") }
    return .bytes(files[index])
  }

  func expand(_ pattern: String) -> GlobOutcome {
    if pattern.hasPrefix("/secret/") { return .failed("permission denied") }
    let start = pattern.prefix { $0 != "*" }
    return .paths((1..<4).map { "\(start)\($0).conf" })
  }

  private func digit(_ byte: UInt8) -> Int { Int(byte) - 0x30 }
}

/// Errors without end are counted, not kept, and each is a few lines to read.
private func requireBounded(_ diagnostics: [Diagnostic]) {
  require(!diagnostics.isEmpty && diagnostics.count <= 1001, "\(diagnostics.count) errors")
  for diagnostic in diagnostics {
    let text = diagnostic.description
    // The names of files are as long as the conf has them.
    let room = 3000 + 8 * diagnostic.file.utf8.count
    require(text.utf8.count <= room, "an error of \(text.utf8.count) bytes: \(text)")
    require(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 || $0 == 10 }, "controls")
  }
}

/// What is promised of a configuration that loaded.
private func requireWhole(_ configuration: Configuration) {
  let replicas = configuration.replicas
  require((1...1024).contains(replicas.count), "\(replicas.count) replicas")
  require(Set(replicas.map(\.name)).count == replicas.count, "a name twice")
  require(Set(replicas.map(\.address)).count == replicas.count, "an address twice")
  require(configuration.control.utf8.count <= 107, "a long control path")
  require(configuration.mainPort > 0, "no port")
  for replica in replicas {
    require(ReplicaConfiguration.isName(replica.name), "a name: \(replica.name)")
    require(ReplicaConfiguration.weights.contains(replica.weight), "a weight")
    let description = replica.address.description
    require(ReplicaAddress(description) == replica.address, "an address: \(description)")
  }
}

/// What `lbd -T` prints loads as the same, on its own and without the environment.
private func requireSame(_ configuration: Configuration, _ effective: String) {
  var text = effective
  for _ in 0..<2 {
    let file = Parts(Array(text.utf8))
    switch Configuration.load(path: "etc/lb.conf", environment: [:], files: file) {
    case .refused(let diagnostics): fatalError("refused: \(diagnostics)\n\(text)")
    case .loaded(let again, let printed):
      require(again == configuration, "another configuration:\n\(text)")
      // Texts that are equal to Swift may differ in their bytes.
      let isSame =
        again.control.utf8.elementsEqual(configuration.control.utf8)
        && zip(again.replicas, configuration.replicas).allSatisfy {
          $0.address.description.utf8.elementsEqual($1.address.description.utf8)
        }
      require(isSame, "other bytes:\n\(text)")
      text = printed
    }
  }
}
