/// What goes to stderr, and in which shape: `[log]`.
package struct LogConfiguration: Sendable, Equatable {
  /// The least severe message that is written.
  package var level = LogLevel.info
  package var format = LogFormat.auto
  package var access = AccessLog.off

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

/// Whether each request is logged; today none is.
package enum AccessLog: String, Sendable, CaseIterable {
  case off
}
