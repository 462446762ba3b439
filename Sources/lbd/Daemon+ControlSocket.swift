// The control socket of an lbd that runs stays where the conf has it: whoever removes it or puts something
// in its place finds it made anew.

import Configuration
import ControlServer
import LinuxIO
import Telemetry

extension Daemon {
  /// Looks once a second that the path leads to this lbd's socket. Another lbd's is left alone, unless that
  /// one was given up.
  mutating func keepControlSocket() {
    guard phase == .serving, succession.side.successor == nil, takesOverNobody else { return }
    switch control.look() {
    case .none: makeControlSocketAnew()
    case .own: succession.trouble = nil
    case .nothing: makeControlSocketAnew()
    case .another(let process):
      if let process, succession.gaveUp.contains(process) { return makeControlSocketAnew() }
      let name = process.map { "process \($0)" } ?? "another process"
      sayOfControlSocket("\(name) listens in its place, and lbctl reaches that one")
    case .file: sayOfControlSocket("a file that is no socket is in its place; remove it")
    }
  }

  /// It has a place of its own by now.
  private var takesOverNobody: Bool {
    switch takeover {
    case .some(let takeover): takeover.side.serves
    case .none: true
    }
  }

  /// Listens there anew, in the place of what is there.
  mutating func makeControlSocketAnew() {
    // Those who have come by the former one.
    control.accept(poller, now: now)
    do throws(StartFailure) {
      let listener = try ControlListener.make(replacing: configuration.control, patience: 0)
      control.open(listener, poller)
      succession.trouble = nil
      log.write(
        .warning, "the control socket \(configuration.control) was gone: made anew",
        ["event": "control-socket", "path": configuration.control])
    } catch {
      sayOfControlSocket(error.line)
    }
  }

  /// Says it once, as long as it stays so.
  private mutating func sayOfControlSocket(_ trouble: String) {
    guard succession.trouble != trouble else { return }
    succession.trouble = trouble
    log.write(
      .error, "the control socket \(configuration.control) is gone: \(trouble)",
      ["event": "control-socket", "path": configuration.control])
  }
}
