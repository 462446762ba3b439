/// How values of one type are written in a conf: read from text, within bounds, and written back.
///
/// Each key of the `Schema` names one. `read` gets what stands behind the `=`, expanded and not empty;
/// what `write` gives reads back as the same value.
struct Form<Value>: Sendable {
  /// What may be written, for help: `a duration, 10ms to 1h`.
  let help: String
  let read: @Sendable (String) -> Reading<Value>
  /// Empty for a value that cannot be written, such as no ports.
  let write: @Sendable (Value) -> String
}

extension Form where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
  /// One of the words of an enum.
  static var choice: Form {
    let words = Value.allCases.map(\.rawValue)
    return Form(
      help: words.joined(separator: ", "),
      read: { text in
        if let value = Value(rawValue: text) { return .value(value) }
        return .refused(refusal(of: text, among: words))
      },
      write: \.rawValue)
  }

  private static func refusal(of text: String, among words: [String]) -> String {
    if words.count == 1 { return "only \(quoted(words[0])) is accepted today, write \(words[0])" }
    if let near = nearest(to: text, among: words) {
      return "\(quoted(text)) is no such word, did you mean \(quoted(near))?"
    }
    return "\(quoted(text)) is no such word, write one of \(words.joined(separator: ", "))"
  }
}

extension Form<Bool> {
  static var onOff: Form {
    Form(
      help: "on, off",
      read: { text in
        switch text {
        case "on", "yes", "true": .value(true)
        case "off", "no", "false": .value(false)
        default: .refused("\(quoted(text)) is neither, write on or off")
        }
      },
      write: { $0 ? "on" : "off" })
  }
}

extension Form<DocsScope> {
  /// It was `onOff` once, whose words go on to work.
  static var docsScope: Form {
    let words = Form.choice
    return Form(
      help: words.help,
      read: { text in
        if case .value(let isOn) = Form<Bool>.onOff.read(text) { return .value(isOn ? .on : .off) }
        return words.read(text)
      },
      write: words.write)
  }
}

extension Form {
  /// Another form, or a word that stands for nil.
  static func word<Some>(_ word: String, or form: Form<Some>) -> Form where Value == Some? {
    Form(
      help: "\(word), or \(form.help)",
      read: { text in
        if text == word { return .value(nil) }
        switch form.read(text) {
        case .value(let value): return .value(value)
        case .refused(let refusal):
          let all = ([refusal] + refusal.others).map { one in
            Refusal(why: "\(one.why), or \(word)", offset: one.offset)
          }
          return Refusal.all(all).map { .refused($0) } ?? .refused(refusal)
        }
      },
      write: { value in value.map(form.write) ?? word })
  }
}
