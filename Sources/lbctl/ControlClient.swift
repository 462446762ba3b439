// Asks lbd over its control socket and turns its answers into reports, or into failures that say
// what to do.

import CommandText
import ControlProtocol
import FoundationEssentials
import HTTPWire
import LinuxIO

/// A client of one control socket; each question is a connection of its own.
struct ControlClient {
  /// Bytes that an answer may have: ten thousand replicas take a third of it.
  static let answerLimit = 16 << 20
  private static let patience = 10_000
  /// lbd gives the next one a minute to be ready, and then says so.
  private static let upgradePatience = 75_000

  let socket: ControlSocket
  /// When the whole command has to be done, for one that waits: no answer by then is its lapse.
  var deadline: Deadline?

  /// An answer: the report, and the bytes that it was read from.
  struct Answer<Report> {
    let report: Report
    let json: [UInt8]
  }

  /// Reads a report.
  func get<Report: Decodable>(_ target: String) throws(Failure) -> Answer<Report> {
    try decode(try exchange("GET", .get, target, body: nil), target)
  }

  /// Reads a text as it is.
  func text(_ target: String) throws(Failure) -> [UInt8] {
    let answer = try exchange("GET", .get, target, body: nil)
    guard answer.isSuccess else { throw ControlClient.refusal(answer, target) }
    return answer.body
  }

  /// Gives an order.
  func post(
    _ target: String, _ fields: KeyValuePairs<String, String>
  ) throws(Failure) -> Answer<DetailReport> {
    try decode(try exchange("POST", .post, target, body: OrderBody.write(fields)), target)
  }

  /// Has lbd reload its conf, or say what that would come to. A refused conf is an answer, too.
  func reload(isRehearsal: Bool) throws(Failure) -> Answer<ReloadReport> {
    let answer =
      isRehearsal
      ? try exchange("GET", .get, ControlPath.confChanges, body: nil)
      : try exchange("POST", .post, ControlPath.reload, body: [])
    let isRefused = answer.status == ControlPath.refusedConf
    return try decode(answer, ControlPath.reload, isAnswer: isRefused)
  }

  /// Has lbd start the next one, and waits until that serves or has failed.
  func upgrade() throws(Failure) -> Answer<DetailReport> {
    let answer = try exchange(
      "POST", .post, ControlPath.upgrade, body: [], patience: ControlClient.upgradePatience)
    return try decode(answer, ControlPath.upgrade)
  }

  private func exchange(
    _ name: String, _ method: Method, _ target: String, body: [UInt8]?,
    patience: Int = ControlClient.patience
  ) throws(Failure) -> HTTPAnswer {
    guard let address = SocketAddress(path: socket.path) else {
      throw .usage(
        "\"\(socket.path)\" cannot be a socket: 1 to 107 bytes are allowed")
    }
    var request =
      "\(name) \(target) HTTP/1.1\r\nHost: lbd\r\nUser-Agent: lbctl/\(Release.version)\r\n"
    request += "Connection: close\r\n"
    if let body {
      request += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
    }
    request += "\r\n"
    let left = self.deadline?.left ?? patience
    let deadline = Deadline(milliseconds: min(patience, left))
    let bytes = Array(request.utf8) + (body ?? [])
    var user: UInt32?
    do throws(ExchangeError) {
      var connection = try HTTPConnection(address, deadline)
      user = connection.peerUser
      if socket.trusts(user) {
        return try connection.exchange(
          bytes, method, limit: ControlClient.answerLimit, deadline)
      }
    } catch .noConnection(let code) {
      throw socket.failure(connecting: code)
    } catch {
      let isLapse = left < patience
      let code: ExitCode = error != .timedOut ? .failed : isLapse ? .timedOut : .notRunning
      throw Failure(
        code, "lbd at \(socket.path) gave no answer: \(error.reason)")
    }
    throw socket.distrust(of: user)
  }

  private func decode<Report: Decodable>(
    _ answer: HTTPAnswer, _ target: String, isAnswer: Bool = false
  ) throws(Failure) -> Answer<Report> {
    guard answer.isSuccess || isAnswer else { throw ControlClient.refusal(answer, target) }
    if let schema: Schema = ControlClient.read(answer.body), schema.schema != 1 {
      throw Failure(
        .failed,
        "lbd answers in schema \(schema.schema), which lbctl \(Release.version) cannot read")
    }
    guard let report: Report = ControlClient.read(answer.body) else {
      throw Failure(.failed, "what lbd answered to \(target) could not be read")
    }
    return Answer(report: report, json: answer.body)
  }

  private static func refusal(_ answer: HTTPAnswer, _ target: String) -> Failure {
    let report: DetailReport? = read(answer.body)
    let detail = report?.detail ?? "lbd answered \(answer.status)"
    switch answer.status {
    // What was asked for makes no sense, and only lbd could tell.
    case 400: return .usage(detail)
    case 404 where ControlPath.namesReplica(target): return Failure(.noSuchReplica, detail)
    default: return Failure(.failed, detail)
    }
  }

  private struct Schema: Decodable {
    let schema: Int
  }

  private static func read<Report: Decodable>(_ json: [UInt8]) -> Report? {
    try? JSONDecoder().decode(Report.self, from: Data(json))
  }
}
