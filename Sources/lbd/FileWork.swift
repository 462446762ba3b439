// What the control thread has done with files, on threads of their own: a mount that hangs keeps whoever
// looks at it, for as long as it likes. It is asked by calls and answers by messages.

import Configuration
import ConfigurationIO
import LinuxIO
import Synchronization
import Telemetry

/// A file that one thread has opened for another.
final class OpenedFile: Sendable {
  private let file: Mutex<Descriptor?>
  /// Its path where there was none before.
  private let made: String?

  init(_ file: consuming Descriptor?, made: String?) {
    self.file = Mutex(file)
    self.made = made
  }

  func take() -> Descriptor? { file.withLock { $0.take() } }

  /// Nobody uses it: what was made for it goes again.
  /// - Parameter target: where lbd writes its access log, which stays.
  func giveUp(but target: AccessTarget) {
    _ = take()
    if let made, target != .path(made) { try? Files.remove(made) }
  }
}

/// A conf as its files say it, with what only a thread that may block can find out.
struct ReadConf: Sendable {
  let outcome: LoadOutcome
  /// What its files look like.
  let reading: ConfReading
  /// What `host` resolves to, where it is another name than before.
  var address: LookupOutcome?
  /// The file of its access log, where that is another than before.
  var access: Result<OpenedFile, StartFailure>?
}

/// What a conf is compared with, so that nothing is opened or looked up that is there.
struct FormerTargets: Sendable {
  let host: String
  let port: UInt16
  let access: AccessTarget
  /// Nothing is to be opened at all.
  let isRehearsal: Bool
}

enum FileAnswer: Sendable {
  /// A conf was read; the number is the one that was asked with.
  case conf(number: Int, ReadConf)
  case accessLog(AccessTarget, Result<OpenedFile, StartFailure>)
}

/// The work and its answers. Every call comes from the control thread.
final class FileWork: Sendable {
  /// What the control thread takes the answers from.
  let answers: Mailbox<FileAnswer>

  init() throws(SystemError) {
    answers = try Mailbox(limit: 64)
  }

  /// Reads a conf. What it does meanwhile, `reading` tells.
  func read(
    _ path: String, _ environment: [String: String], beside former: FormerTargets, number: Int,
    _ reading: ConfReading
  ) throws(SystemError) {
    try Thread.start("lbd-conf") { [answers] in
      answers.post(
        .conf(number: number, FileWork.read(path, environment, beside: former, reading)))
    }.detach()
  }

  /// Opens the access log again.
  func open(_ target: AccessTarget) throws(SystemError) {
    try Thread.start("lbd-file") { [answers] in
      answers.post(.accessLog(target, FileWork.opened(target)))
    }.detach()
  }

  /// Reads a conf and gives up after a while: for a start, which has nothing else to do. Nil where it was
  /// given up.
  static func read(
    _ path: String, _ environment: [String: String], _ reading: ConfReading, within seconds: Int
  ) throws(SystemError) -> LoadOutcome? {
    let (bell, result) = (try Bell(), Outcome())
    try Thread.start("lbd-conf") {
      // From here on a signal is the main thread's, which may end the process or not.
      Signals.hold(Daemon.signals)
      let outcome = Configuration.load(path: path, environment: environment, reading: reading)
      result.outcome.withLock { $0 = outcome }
      bell.wakeUp.ring()
    }.detach()
    _ = bell.wakeUp.descriptor.wait(until: .readable, milliseconds: seconds * 1000)
    return result.outcome.withLock { $0 }
  }

  private final class Bell: Sendable {
    let wakeUp: WakeUp
    init() throws(SystemError) { wakeUp = try WakeUp() }
  }

  private final class Outcome: Sendable {
    let outcome = Mutex<LoadOutcome?>(nil)
  }

  // MARK: Its threads

  private static func read(
    _ path: String, _ environment: [String: String], beside former: FormerTargets,
    _ reading: ConfReading
  ) -> ReadConf {
    let outcome = Configuration.load(path: path, environment: environment, reading: reading)
    var conf = ReadConf(outcome: outcome, reading: reading)
    guard case .loaded(let next, _) = outcome, !former.isRehearsal else { return conf }
    if next.host != former.host || next.mainPort != former.port {
      reading.began("looking up the name \(next.host)")
      conf.address = SocketAddress.lookUp(next.host, port: next.mainPort)
    }
    if next.log.access != former.access {
      if case .path(let path) = next.log.access { reading.began("opening \(path)") }
      conf.access = opened(next.log.access)
    } else if case .path(let path) = next.log.access {
      reading.began("looking at \(path)")
      do throws(StartFailure) {
        try AccessLog.check(next.log.access)
      } catch {
        conf.access = .failure(error)
      }
    }
    reading.began(nil)
    return conf
  }

  private static func opened(
    _ target: AccessTarget
  ) -> Result<OpenedFile, StartFailure> {
    var made: String?
    // A link that leads nowhere is there.
    if case .path(let path) = target, Files.identity(path) == nil { made = path }
    do throws(StartFailure) {
      return .success(OpenedFile(try AccessLog.open(target), made: made))
    } catch {
      return .failure(error)
    }
  }
}
