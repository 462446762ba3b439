// The metrics' listener: one path, read only, on the control thread. What it answers is made at most
// four times a second, however many ask, and each connection ends with its answer.

import Configuration
import ControlProtocol
import ControlServer
import HTTPWire
import Ledger
import LinuxIO
import Plan
import Roster
import Telemetry

extension Daemon {
  /// The metrics' server as the conf has it.
  static func metricsServer(
    _ configuration: Configuration
  ) throws(StartFailure) -> ControlServer {
    guard let address = configuration.metrics.listen else {
      return ControlServer(.metrics, nil, now: Clock.now())
    }
    return ControlServer(.metrics, try ControlListener.metrics(at: address), now: Clock.now())
  }

  mutating func answerMetrics() {
    for _ in 0..<ControlEndpoint.share {
      guard let slot = metrics.nextDue() else { return }
      if let request = metrics.nextRequest(slot, now: now) {
        metrics.answer(slot, answerMetrics(request), isLast: true)
      }
      metrics.flush(slot)
    }
  }

  private mutating func answerMetrics(_ request: ControlRequest) -> ControlAnswer {
    let path = String(request.path.prefix { $0 != "?" })
    guard path == ControlPath.metrics else {
      return refusal(404, "there is only \(ControlPath.metrics) here")
    }
    guard request.method == .get || request.method == .head else {
      var answer = refusal(405, "metrics are read only")
      answer.allow = "GET, HEAD"
      return answer
    }
    if figures.lastText.bytes.isEmpty || now >= figures.lastText.time + 250_000_000 {
      figures.lastText = (now, metricsText())
    }
    var answer = metricsAnswer(figures.lastText.bytes)
    answer.isHead = request.method == .head
    return answer
  }

  func metricsAnswer(_ text: [UInt8]) -> ControlAnswer {
    var answer = ControlAnswer(200, text)
    answer.type = MetricsText.type
    return answer
  }

  // MARK: The text

  /// All metrics as they are now. With a thousand replicas a few milliseconds.
  func metricsText() -> [UInt8] {
    var text = MetricsText(capacity: 8192 + replicas.count * 4096)
    writeProcess(to: &text)
    let rows = replicas.map { ReplicaFigures($0, meters, tallies: tallies) }
    writeStates(rows, to: &text)
    ReplicaFigures.write(rows, to: &text)
    WorkerFigures.write(
      tallies: tallies, counts: workerCounts, slots: replicas.nextSlot, to: &text)
    return text.bytes
  }

  private func writeProcess(to text: inout MetricsText) {
    text.only(.up, 1)
    text.begin(.build)
    text.sample(MetricLabels(["version": Release.version]), 1)
    text.only(.start, seconds: Double(figures.start / 1_000_000) / 1000)
    text.only(.uptime, seconds: Double((now - startedAt) / 1_000_000) / 1000)
    text.only(.workers, tallies.count)
    text.only(.descriptors, figures.descriptors)
    text.only(.connections, limits.clients)
    text.only(.reloadTime, seconds: Double(figures.lastReload / 1_000_000) / 1000)
    text.only(.reloadSuccess, figures.isLastReloadDone ? 1 : 0)
    text.begin(.reloads)
    text.sample(MetricLabels(["result": "done"]), figures.reloadsDone)
    text.sample(MetricLabels(["result": "refused"]), figures.reloadsRefused)
    text.only(.logDrops, log.drops)
    text.only(.accessDrops, access.dropped)
    text.begin(.ownResponses)
    for (counter, code) in zip(Tally.Counter.classes, ReplicaFigures.codes) {
      text.sample(code, tallies.sum { $0.value(counter, Tally.ownSlot) })
    }
    writeHolds(to: &text)
  }

  private func writeHolds(to text: inout MetricsText) {
    text.only(.held, max(0, pool.held(Numbering.mainPool)))
    text.begin(.holds)
    let results: [(String, WorkerCounts.Counter)] = [
      ("served", .heldServed), ("expired", .heldExpired), ("refused", .heldRefused),
    ]
    for (result, counter) in results {
      text.sample(MetricLabels(["result": result]), workerCounts.sum(counter))
    }
    text.begin(.clientsClosed)
    text.sample(MetricLabels(["reason": "limit"]), workerCounts.sum(.restingClosed))
    text.sample(MetricLabels(["reason": "address"]), workerCounts.sum(.tooManyOfOne))
  }

  private func writeStates(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    text.begin(.replicas)
    for state in ReplicaState.allCases {
      text.sample(
        MetricLabels(["pool": ReplicaFigures.pool, "state": state.rawValue]),
        rows.count { $0.state == state })
    }
  }
}

extension ControlListener {
  /// Listens for metrics where the conf says.
  /// - Parameter isShared: another of lbd's own listeners has the port, and shares it for this moment.
  static func metrics(
    at address: ReplicaAddress, isShared: Bool = false
  ) throws(StartFailure) -> ControlListener {
    switch address {
    case .unix(let path): return try make(at: path, .metrics)
    case .host(let host, let port):
      let socketAddress = SocketAddress(ip: host == "localhost" ? "127.0.0.1" : host, port: port)
      guard let socketAddress else {
        throw StartFailure("cannot listen on \(address): no address")
      }
      return try make(at: socketAddress, .metrics, isShared: isShared)
    }
  }
}
