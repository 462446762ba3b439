// A conf from the file system: what the pure Configuration leaves to its caller. lbd loads with it at
// its start and at every reload, compose to know which replicas there are.

package import Configuration
import LinuxIO

extension Configuration {
  /// Loads a conf from the file system. Blocks as long as the disk does.
  package static func load(path: String, environment: [String: String]) -> LoadOutcome {
    load(path: path, environment: environment, files: ConfFiles())
  }
}

/// Reads conf files from the file system.
private struct ConfFiles: ConfigurationFiles {
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
