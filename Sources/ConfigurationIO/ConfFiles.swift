// A conf from the file system: what the pure Configuration leaves to its caller. lbd loads with it at
// its start and at every reload, compose to know which replicas there are.

package import Configuration
import ControlProtocol
import LinuxIO

extension Configuration {
  /// Loads a conf from the file system. Blocks as long as the disk does.
  package static func load(path: String, environment: [String: String]) -> LoadOutcome {
    load(
      path: path, environment: environment, files: ConfFiles(),
      control: controlPlace(environment: environment))
  }

  /// Where the control socket goes while neither the conf nor `LBD_SOCKET` says: the first place where
  /// this user may make one. It is the same at every load, also once lbd has its socket there.
  private static func controlPlace(environment: [String: String]) -> String {
    ControlPlaces.all(environment: environment).first { path in
      guard path != ControlPlaces.local else { return true }
      let directory = Files.directory(of: path)
      // Root may make /run/lbd.
      return Files.isWritable(directory)
        || path == ControlPlaces.system && !Files.mayExist(directory)
          && Files.isWritable(Files.directory(of: directory))
    } ?? ControlPlaces.local
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
