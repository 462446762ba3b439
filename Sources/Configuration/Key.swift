/// One key of a section: its name, where its value goes, how that is written, one line of help.
///
/// `Root` is what the section fills. The default is what a fresh `Root` holds there.
struct Key<Root>: Sendable {
  let name: String
  let help: String
  /// What may be written.
  let form: String
  /// Whether a section without it is refused.
  let isRequired: Bool
  /// Whether only a restart changes it.
  let isFixed: Bool
  /// Reads the text into the root, or leaves the root as it was.
  let set: @Sendable (String, inout Root) -> Refusal?
  /// The root's value as the conf writes it.
  let written: @Sendable (Root) -> String
  /// Gives the second root the value of the first.
  let copy: @Sendable (Root, inout Root) -> Void

  /// - Parameter isText: whether a value is any text, which may end in `;`. No other value may: who writes
  ///   one has the habit of nginx.
  init<Value>(
    _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ form: Form<Value>,
    _ help: String, isRequired: Bool = false, isFixed: Bool = false, isText: Bool = false
  ) {
    self.name = name
    self.help = help
    self.form = form.help
    self.isRequired = isRequired
    self.isFixed = isFixed
    set = { text, root in
      switch form.read(text) {
      case .refused(let refusal): return refusal
      case .value where !isText && text.hasSuffix(";"):
        return Refusal(why: "\(quoted(text)) ends with a semicolon, remove it")
      case .value(let value):
        root[keyPath: path] = value
        return nil
      }
    }
    written = { form.write($0[keyPath: path]) }
    copy = { $1[keyPath: path] = $0[keyPath: path] }
  }
}

/// The keys of one kind of section.
struct Section<Root>: Sendable {
  /// The word in the brackets.
  let kind: String
  let help: String
  let keys: [Key<Root>]

  subscript(name: String) -> Key<Root>? { keys.first { $0.name == name } }
}
