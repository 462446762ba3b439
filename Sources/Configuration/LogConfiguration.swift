/// What goes to stderr, and in which shape; where the access log goes: `[log]`.
package struct LogConfiguration: Sendable, Equatable {
  /// The least severe message that is written.
  package var level = LogLevel.info
  package var format = LogFormat.auto
  package var access = AccessTarget.off

  package init() {}
}

/// How much a message matters, least first.
package enum LogLevel: String, Sendable, CaseIterable {
  case debug, info, warning, error
}

/// The shape of a log line; `auto` is text on a terminal and JSON elsewhere.
package enum LogFormat: String, Sendable, CaseIterable {
  case auto, text, json
}

/// Where each request has a line, if anywhere.
package enum AccessTarget: Sendable, Equatable {
  case off, standardOutput
  /// As the conf says it: where it is relative, to where lbd was started.
  case path(String)
}
