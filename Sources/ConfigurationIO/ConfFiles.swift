// A conf from the file system: what the pure Configuration leaves to its caller. lbd loads with it at
// its start and at every reload, compose to know which replicas there are.

package import Configuration
import ControlProtocol
import LinuxIO
import Synchronization

extension Configuration {
  /// Loads a conf from the file system. Only regular files are read. Blocks as long as the disk does.
  /// - Parameter reading: what is noted on the way.
  package static func load(
    path: String, environment: [String: String], reading: ConfReading = ConfReading()
  ) -> LoadOutcome {
    defer { reading.began(nil) }
    return load(
      path: path, environment: environment, files: ConfFiles(reading: reading),
      control: controlPath(environment: environment))
  }

  /// Where the control socket goes while neither the conf nor `LBD_SOCKET` says: the first path where
  /// this user may make one. It is the same at every load, also once lbd has its socket there.
  private static func controlPath(environment: [String: String]) -> String {
    ControlSocketPaths.all(environment: environment).first { path in
      guard path != ControlSocketPaths.local else { return true }
      let directory = Files.directory(of: path)
      // Root may make /run/lbd.
      return Files.isWritable(directory)
        || path == ControlSocketPaths.system && !Files.mayExist(directory)
          && Files.isWritable(Files.directory(of: directory))
    } ?? ControlSocketPaths.local
  }
}

/// What was noted while a conf was read: where it is, for who waits for it, and what its files look like.
/// Any thread.
package final class ConfReading: Sendable {
  private struct Notes {
    var current: String?
    var young: [String] = []
    var cut: [String] = []
  }

  private let notes = Mutex(Notes())

  package init() {}

  /// What is being done at this moment, such as `reading /etc/lbd/lb.conf`; nil before and after.
  package var current: String? { notes.withLock { $0.current } }
  /// Files that had changed within the second before they were read: someone may still be writing.
  package var young: [String] { notes.withLock { $0.young } }
  /// Files whose last line has no end: they may have been cut while they were being written.
  package var cut: [String] { notes.withLock { $0.cut } }

  /// Notes what is under way now.
  package func began(_ what: String?) { notes.withLock { $0.current = what } }

  fileprivate func read(_ path: String, _ file: Files.Contents) {
    let now = Clock.wall()
    // By a clock of another machine it may have changed a little later than now.
    // A file may have any time.
    let age = file.modified < now ? now - file.modified : file.modified - now
    let isYoung = age < 1_000_000_000
    let isCut = file.bytes.last.map { $0 != 0x0A } ?? false
    notes.withLock {
      if isYoung { $0.young.append(path) }
      if isCut { $0.cut.append(path) }
    }
  }
}

/// Reads conf files from the file system.
private struct ConfFiles: ConfigurationFiles {
  let reading: ConfReading

  func read(_ path: String, limit: Int) -> FileOutcome {
    reading.began("reading \(path)")
    do {
      guard let file = try Files.contents(of: path, limit: limit) else {
        return .failed("it is no regular file")
      }
      reading.read(path, file)
      return .bytes(file.bytes)
    } catch {
      return .failed(ConfFiles.plain(error.reason))
    }
  }

  func expand(_ pattern: String) -> GlobOutcome {
    reading.began("listing \(pattern)")
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
