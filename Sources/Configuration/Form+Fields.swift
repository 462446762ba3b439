/// The form of a list of field names.

extension Form<[String]> {
  /// Names of request fields that may be left out: `X-Client-IP, X-Original-URL`.
  static var fieldNames: Form {
    Form(
      help: "names of fields such as X-Client-IP, \(FieldNames.limit) at most",
      read: { text in
        var names: [String] = []
        var seen: Set<String> = []
        var refusals: [Refusal] = []
        for (name, offset) in parts(of: text) {
          if let why = FieldNames.refusal(of: name) {
            refusals.append(Refusal(why: why, offset: offset))
          } else if !seen.insert(FieldNames.folded(name)).inserted {
            refusals.append(
              Refusal(why: "\(name) stands here twice, write it once", offset: offset))
          } else if seen.count > FieldNames.limit {
            refusals.append(
              Refusal(why: "\(FieldNames.limit) names at most, remove some", offset: offset))
            break
          }
          names.append(name)
        }
        if let refusal = Refusal.all(refusals) { return .refused(refusal) }
        return .value(names)
      },
      write: { $0.joined(separator: ", ") })
  }
}

/// Which names of fields a conf may name.
private enum FieldNames {
  static let limit = 32
  private static let length = 64

  /// What no server could do without, or lbd acts on itself.
  private static let needed: Set = [
    "host", "connection", "content-length", "transfer-encoding", "expect", "upgrade", "te",
    "trailer", "keep-alive", "proxy-connection", "max-forwards", "http2-settings",
  ]
  private static let stated: Set = [
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id", "forwarded",
    "x-lbd-test", "proxy",
  ]

  /// In any case, and with `_` for `-`, a name is the same to the servers behind lbd.
  static func folded(_ name: String) -> String {
    String(name.lowercased().map { $0 == "_" ? "-" : $0 })
  }

  static func refusal(of name: String) -> String? {
    guard !name.isEmpty, name.utf8.allSatisfy(\.isNameByte) else {
      return "\(quoted(name)) is no field's whole name, write one such as X-Client-IP"
    }
    guard name.utf8.count <= length else {
      return "\(quoted(name)) is longer than \(length) bytes, name another field"
    }
    let folded = folded(name)
    if needed.contains(folded) {
      return "\(name) says how a message or its connection is to be read, remove it here"
    }
    if stated.contains(folded) { return "a client's own \(name) never passes, remove it here" }
    if folded == "via" { return "Via ends loops: write via = off to state none, remove it here" }
    return nil
  }
}
