// The files of a conf, as the loader reaches them.

import Configuration
import LinuxIO

/// Reads conf files from the file system.
struct ConfFiles: ConfigurationFiles {
  func read(_ path: String, limit: Int) -> FileOutcome {
    do {
      return .bytes(try Files.read(path, limit: limit))
    } catch {
      return .failed(ConfFiles.plain(error.reason))
    }
  }

  func expand(_ pattern: String) -> GlobOutcome {
    do {
      return .paths(try Files.expand(pattern))
    } catch {
      return .failed(ConfFiles.plain(error.reason))
    }
  }

  /// `No such file or directory` as it reads inside of a sentence.
  private static func plain(_ reason: String) -> String {
    reason.prefix(1).lowercased() + reason.dropFirst()
  }
}
