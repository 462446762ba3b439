// A reload: have the conf read by a thread of its own, check all of it, say what changes, and have it
// applied (`Daemon+Apply`), or not. What a start would refuse is refused here too. Whoever ordered it
// over the control socket is answered when it has come to its end.

import Balancing
import Configuration
import ConfigurationIO
import ControlProtocol
import ControlServer
import Ledger
import LinuxIO
import Roster
import Telemetry

extension Daemon {
  /// What is in force, with the replicas that are in the pool now.
  private var inForce: Configuration {
    var inForce = configuration
    inForce.replicas = replicas.map(\.configuration)
    return inForce
  }

  /// Loads the conf again, or finds out what that would come to. One that is refused changes nothing;
  /// what only a restart can change is said and left.
  mutating func reload(_ order: ReloadOrder) {
    // READY would let clients in too early, and before a takeover the former lbd serves.
    guard isReady || order.isRehearsal else {
      if order == .hangUp {
        isReloadDue = true
      } else {
        refuse(order, "lbd is starting, ask again in a moment")
      }
      return
    }
    reloads.add(order)
    readNext()
  }

  /// The next lbd has read its conf already.
  private var isBeingFollowed: Bool { succession.side.successor != nil }

  func confText() -> ControlAnswer {
    var answer = ControlAnswer(200, Array(limits.annotate(effective).utf8))
    answer.type = "text/plain; charset=utf-8"
    return answer
  }

  // MARK: Reading

  private mutating func readNext() {
    if reloads.isClogged {
      for order in reloads.takeWaiting() {
        refuse(
          order,
          "\(ReloadQueue.mostStuck) reloads hang in the reading of the conf's files, which no"
            + " longer answer; see which mount hangs, a restart of lbd ends them")
      }
    }
    while let reading = reloads.next(now: now) {
      if !reading.order.isRehearsal { manager.notify("RELOADING=1") }
      let former = FormerTargets(
        host: configuration.host, port: configuration.mainPort, access: access.target,
        isRehearsal: reading.order.isRehearsal)
      do throws(SystemError) {
        return try files.read(
          path, environment, beside: former, number: reading.number, reading.notes)
      } catch {
        _ = reloads.ended(reading.number)
        refuse(reading.order, "no thread to read the conf: \(error.reason)")
      }
    }
  }

  mutating func takeFileAnswers() {
    for answer in files.answers.take() {
      switch answer {
      case .conf(let number, let conf):
        if let order = reloads.ended(number) {
          conclude(order, report(on: conf, order))
        } else {
          // It came too late.
          (try? conf.access?.get())?.giveUp(but: access.target)
        }
      case .accessLog(let target, let file): reopened(target, file)
      }
    }
    readNext()
  }

  /// Gives up a conf whose files do not answer.
  mutating func expireReload() {
    guard let reading = reloads.expired(now: now) else { return }
    let work = reading.notes.current ?? "reading \(path)"
    refuse(
      reading.order,
      "gave up \(work) after \(ReloadQueue.patience / 1_000_000_000) s: is a mount or a server dead?"
    )
    readNext()
  }

  /// What a conf that was read comes to.
  private mutating func report(on conf: ReadConf, _ order: ReloadOrder) -> ReloadReport {
    guard phase == .serving else {
      (try? conf.access?.get())?.giveUp(but: access.target)
      return ReloadReport(isAccepted: false, errors: ["lbd is stopping, it takes up no conf"])
    }
    guard !isBeingFollowed || order.isRehearsal else {
      (try? conf.access?.get())?.giveUp(but: access.target)
      return ReloadReport(
        isAccepted: false,
        errors: ["another lbd is taking over, with the conf as it has read it; try again"])
    }
    switch conf.outcome {
    case .refused(let diagnostics):
      return ReloadReport(isAccepted: false, errors: diagnostics.map(\.description))
    case .loaded(let next, let effective):
      let plan = ReloadPlan(from: inForce, to: next, listensOnPassedSocket: !listenerOrigin.isConf)
      let loaded = LoadedConf(
        whole: next, plan: plan, effective: plan.correct(effective), read: conf)
      do throws(StartFailure) {
        if order.isRehearsal { try rehearse(loaded) } else { try apply(loaded) }
      } catch {
        (try? conf.access?.get())?.giveUp(but: access.target)
        return ReloadReport(isAccepted: false, errors: [error.line])
      }
      return ReloadReport(
        isAccepted: true, changes: plan.changes, leftOut: loaded.leftOut,
        unchecked: order.isRehearsal ? unchecked(loaded) : [],
        warnings: loaded.warnings(isRehearsal: order.isRehearsal))
    }
  }

  // MARK: Answers

  private mutating func refuse(_ order: ReloadOrder, _ reason: String) {
    conclude(order, ReloadReport(isAccepted: false, errors: [reason]))
  }

  private mutating func conclude(_ order: ReloadOrder, _ report: ReloadReport) {
    if !order.isRehearsal && isReady {
      figures.reloaded(report.isAccepted)
      logReload(report, order.user)
      // As after the start: only this needs what reads a conf.
      Mapping.forgetCode()
      tellStatus("READY=1\n")
    }
    guard let connection = order.connection else { return }
    let status = report.isAccepted ? 200 : ControlPath.refusedConf
    lateAnswers.append((connection, ControlAnswer(status, report)))
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
    for line in report.warnings ?? [] { log.write(.warning, line, ["event": "reload"]) }
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
  let read: ReadConf

  /// What stays as it is, and why.
  var leftOut: [String] {
    plan.leftOut.map { "\($0) takes a restart" }
      + plan.overruled.map { "\($0) does not count: the socket unit says where lbd listens" }
  }

  /// A conf that was cut while it was being written is often good by itself.
  /// - Parameter isRehearsal: nothing has come of it, so that a young file is no matter.
  func warnings(isRehearsal: Bool) -> [String] {
    let young = isRehearsal ? [] : read.reading.young
    return read.reading.cut.map {
      "\($0) ends without a whole line: was it cut while it was being written?"
    }
      + young.map {
        "\($0) had changed less than a second before: if it was still being written, reload"
          + " again"
      }
  }
}
