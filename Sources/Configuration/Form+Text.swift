/// The forms of text: hosts, addresses and paths.

extension Form<String> {
  /// An address to listen on, without its port.
  static var host: Form {
    Form(
      help: "an address or a name",
      read: { text in
        if text == "*" { return .refused("\"*\" is not an address, write 0.0.0.0 or ::") }
        let colons = text.utf8.filter { $0 == .colon }.count
        if colons == 1 || text.contains("]:") {
          return .refused("\(quoted(text)) has a port, leave it to main_port")
        }
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && colons > 1
        let bare = isBracketed ? text.dropFirst().dropLast() : text[...]
        return HostName.read(bare)
      },
      write: { $0 })
  }

  /// Of a Unix socket; `sockaddr_un` holds 107 bytes beside its NUL.
  static var socketPath: Form {
    Form(
      help: "a path, at most 107 bytes",
      read: { text in
        if let fault = pathFault(text) { return .refused(fault) }
        return text.utf8.count <= 107
          ? .value(text) : .refused("a socket path holds at most 107 bytes, choose a shorter one")
      },
      write: { $0 })
  }

  /// What a request line may ask for.
  static var urlPath: Form {
    Form(
      help: "a path that begins with /",
      read: { text in
        guard text.utf8.first == .slash else {
          return .refused("\(quoted(text)) is not a path, write one that begins with /")
        }
        guard !text.utf8.contains(where: \.isBlank) else {
          return .refused("a path has no spaces, write %20 for one that is meant")
        }
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
          !text.utf8.contains(.hash)
        else {
          return .refused("a path is at most 1024 visible ASCII bytes, write others as %20")
        }
        return .value(text)
      },
      write: { $0 })
  }

  /// What a Host field may say (RFC 9110 §7.2): a host, and a port or none.
  static var hostField: Form {
    Form(
      help: "a host, with or without a port",
      read: { text in
        if text.utf8.first != .openBracket, text.utf8.count(where: { $0 == .colon }) > 1 {
          return .refused("an IPv6 address stands in brackets, write [\(clipped(text))]")
        }
        let isBare = !text.utf8.contains(.colon) || text.hasSuffix("]")
        let whole = isBare ? text + ":80" : text
        return ReplicaAddress.readHostAndPort(whole).map { address in
          isBare ? String(address.description.dropLast(3)) : address.description
        }
      },
      write: { $0 })
  }

  static var bodyText: Form {
    Form(
      help: "a text of at most 256 bytes",
      read: { text in
        guard text.utf8.count <= 256, !text.utf8.contains(where: \.isControl) else {
          return .refused("a text to look for has at most 256 plain bytes, write a part of it")
        }
        return .value(text)
      },
      write: { $0 })
  }
}

/// Why a text is hardly meant as a path, though it might be one: a file of that name is made.
private func pathFault(_ text: String) -> String? {
  if let first = text.first, "\"'`".contains(first) {
    return "\(quoted(text)) has quotes, write it without"
  }
  if Mend.withoutForeignComment(text) != nil {
    return "\(quoted(text)) has a comment that does not begin with #, remove it"
  }
  let isURL = text.contains("://") || text.hasPrefix("unix:") || text.hasPrefix("file:")
  return isURL ? "\(quoted(text)) is a URL, write the path alone" : nil
}

extension Form<AccessTarget> {
  /// A path has a slash, so that a slip such as `on` makes no file of that name.
  static var accessTarget: Form {
    Form(
      help: "off, stdout, or a path with a / in it",
      read: { text in
        switch text {
        case "off": return .value(.off)
        case "stdout": return .value(.standardOutput)
        default: break
        }
        guard text.utf8.contains(.slash) else {
          return .refused("\(quoted(text)) is no path, write off, stdout or ./\(clipped(text))")
        }
        if let fault = pathFault(text) { return .refused(fault) }
        guard text.utf8.last != .slash else {
          return .refused("\(quoted(text)) is a directory, name a file in it")
        }
        guard text.utf8.count < 4096 else { return .refused("a path holds at most 4095 bytes") }
        return .value(.path(text))
      },
      write: { target in
        switch target {
        case .off: "off"
        case .standardOutput: "stdout"
        case .path(let path): path
        }
      })
  }
}

extension Form<ReplicaAddress> {
  static var address: Form {
    Form(
      help: "host:port, [v6]:port or unix:/path", read: { ReplicaAddress.read($0) },
      write: \.description)
  }

  /// Where lbd itself listens, beside `host`: nothing that would have to be looked up.
  static var listener: Form {
    Form(
      help: "address:port, [v6]:port or unix:/path", read: ReplicaAddress.readListener,
      write: \.description)
  }
}
