/// Where a value came from, as `lbd -T` says it.
enum Origin: CustomStringConvertible {
  case builtIn
  /// No line of the conf, but a variable that stands for one.
  case variable(String)
  /// `file:line`.
  case written(String)
  case environment([String], String)

  init(_ setting: Setting) {
    let location = setting.location.fileAndLine
    self =
      setting.variables.isEmpty ? .written(location) : .environment(setting.variables, location)
  }

  var description: String {
    switch self {
    case .builtIn: "default"
    case .variable(let name): "${\(name)}"
    case .written(let location): location
    case .environment(let names, let location):
      names.map { "${\($0)}" }.joined(separator: ", ") + ", \(location)"
    }
  }
}
