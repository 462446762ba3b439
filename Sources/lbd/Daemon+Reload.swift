// A reload: read the conf, check all of it, say what changes, and have it applied (`Daemon+Apply`), or
// not. What a start would refuse is refused here too.

import Balancing
import Configuration
import ConfigurationIO
import ControlProtocol
import LinuxIO
import Proxy

extension Daemon {
  /// What is in force, with the replicas that are in the pool now.
  private var inForce: Configuration {
    var inForce = configuration
    inForce.replicas = replicas.map(\.configuration)
    return inForce
  }

  /// Loads the conf again. One that is refused changes nothing; what only a restart can change is said
  /// and left.
  /// - Parameter user: who ordered it over the control socket; nil for HUP.
  mutating func reload(for user: UInt32?) -> ReloadReport {
    // READY would let clients in too early, and before a takeover the former lbd serves.
    guard isReady else {
      if user == nil { isReloadDue = true }
      return ReloadReport(isAccepted: false, errors: ["lbd is starting, ask again in a moment"])
    }
    manager.notify("RELOADING=1")
    defer { tellStatus("READY=1\n") }
    var report: ReloadReport
    switch loadAgain() {
    case .refused(let errors): report = ReloadReport(isAccepted: false, errors: errors)
    case .loaded(let loaded):
      do throws(StartFailure) {
        try apply(loaded)
        report = ReloadReport(
          isAccepted: true, changes: loaded.plan.changes, leftOut: loaded.leftOut)
      } catch {
        report = ReloadReport(isAccepted: false, errors: [error.line])
      }
    }
    figures.reloaded(report.isAccepted)
    logReload(report, user)
    // As after the start: only this needs what reads a conf.
    Mapping.forgetCode()
    return report
  }

  /// What a reload would come to now. Opens nothing, and says what it could not check for that.
  func rehearseReload() -> ReloadReport {
    switch loadAgain() {
    case .refused(let errors): return ReloadReport(isAccepted: false, errors: errors)
    case .loaded(let loaded):
      do throws(StartFailure) {
        _ = try fittingLimits(loaded)
      } catch {
        return ReloadReport(isAccepted: false, errors: [error.line])
      }
      return ReloadReport(
        isAccepted: true, changes: loaded.plan.changes, leftOut: loaded.leftOut,
        unchecked: unchecked(loaded))
    }
  }

  func reloadAnswer(_ report: ReloadReport) -> ControlAnswer {
    ControlAnswer(report.isAccepted ? 200 : ControlPath.refusedConf, report)
  }

  func confText() -> ControlAnswer {
    var answer = ControlAnswer(200, Array(effective.utf8))
    answer.type = "text/plain; charset=utf-8"
    return answer
  }

  // MARK: Loading

  private enum Reloading {
    case loaded(LoadedConf)
    case refused([String])
  }

  private func loadAgain() -> Reloading {
    guard phase == .serving else { return .refused(["lbd is stopping, it takes up no conf"]) }
    switch Configuration.load(path: path, environment: environment) {
    case .refused(let diagnostics): return .refused(diagnostics.map(\.description))
    case .loaded(let next, let effective):
      let plan = ReloadPlan(from: inForce, to: next, hasPlace: !listenerOrigin.isConf)
      return .loaded(
        LoadedConf(whole: next, plan: plan, effective: plan.correct(effective)))
    }
  }

  private mutating func logReload(_ report: ReloadReport, _ user: UInt32?) {
    let caller = user.map { "\($0)" } ?? "HUP"
    let more = report.errors.count > 1 ? "1 of \(report.errors.count): " : ""
    history.add(
      report.isAccepted ? .reload : .reloadRefused,
      cause: report.isAccepted
        ? "replicas: \(replicas.count)" : report.errors.first.map { "\(more)\($0)" }, uid: user)
    for error in report.errors {
      log.write(.error, "not reloaded: \(error)", ["event": "reload-refused", "uid": caller])
    }
    for line in report.leftOut {
      log.write(.warning, line, ["event": "reload", "left_out": line])
    }
    guard report.isAccepted else { return }
    log.write(
      .info, "reloaded: \(replicas.count) replicas, \(report.changes.count) changes",
      [
        "event": "reload", "uid": caller, "changes": report.changes.joined(separator: "; "),
      ])
  }
}

/// A conf that was read and is good by itself, with what it would change here.
struct LoadedConf {
  /// All that it says, also what only a restart would bring into force.
  let whole: Configuration
  let plan: ReloadPlan
  /// What `lbctl config` prints once it is in force.
  let effective: String

  /// What stays as it is, and why.
  var leftOut: [String] {
    plan.leftOut.map { "\($0) takes a restart" }
      + plan.overruled.map { "\($0) does not count: the socket unit says where lbd listens" }
  }
}
