// How the next lbd speaks with the one that runs, over the control socket. What is said when, and what it
// means, is NextSide's.

import Configuration
import ControlProtocol
import Glibc
import HTTPWire
import LinuxIO
import Roster

/// The connection to the lbd that is to be followed. Each question blocks, for a few seconds at most.
struct Takeover: ~Copyable {
  private static let patience = 5000

  private(set) var side = NextSide()
  private let connection: Descriptor
  /// Received and not yet read.
  private var received: [UInt8] = []
  /// Where clients connect to.
  private var listener: Descriptor?
  /// What operators have ordered.
  private(set) var orders = AdminStates()
  /// Why it came to nothing.
  private(set) var reason = "the former lbd says nothing"

  /// Gets the listener and the orders from the lbd at `path`.
  static func begin(at path: String) throws(StartFailure) -> Takeover {
    var takeover = Takeover(try connect(path))
    takeover.ask(.listener)
    guard takeover.side.state == .starting else { throw failure(takeover.reason) }
    return takeover
  }

  private init(_ connection: consuming Descriptor) {
    self.connection = connection
  }

  private static func connect(_ path: String) throws(StartFailure) -> Descriptor {
    guard let address = SocketAddress(path: path) else {
      throw StartFailure("the control socket's path is longer than 107 bytes: \(path)")
    }
    switch Socket.connect(address) {
    case .connected(let descriptor): return try trusted(descriptor, path)
    case .connecting(let descriptor): return try trusted(descriptor, path)
    case .failed(let code):
      throw StartFailure(
        "no lbd to take over from at \(path): \(SystemError.text(code)); start lbd without"
          + " --takeover, or see control in [lbd]")
    }
  }

  /// Whoever listens at the path hands over a listener and orders: it has to be this user's, or root's.
  private static func trusted(
    _ connection: consuming Descriptor, _ path: String
  ) throws(StartFailure) -> Descriptor {
    let user = Socket.peerUser(connection)
    guard let user, user == 0 || user == geteuid() else {
      let name = user.map { "user \($0)" } ?? "an unknown user"
      throw failure(
        "what listens at \(path) is run by \(name), and only root's or one's own is trusted; run"
          + " --takeover as the user that runs lbd")
    }
    return connection
  }

  /// A listener for the conf's place: the one that was passed where that is the same, or where the conf's
  /// place does not count.
  func nextListener(
    _ configuration: Configuration, workers: Int, _ origin: MainListener.Origin
  ) throws(StartFailure) -> NextListener {
    switch listener {
    case .some(let listener):
      if let flaw = PassedSockets.flaw(of: listener) {
        throw Takeover.failure("the descriptor that it passed \(flaw)")
      }
      return origin.isConf
        ? try NextListener(configuration, workers: workers, beside: listener)
        : try NextListener(listener, workers: workers)
    case .none: throw Takeover.failure("it has passed no listener")
    }
  }

  private static func failure(_ reason: String) -> StartFailure {
    StartFailure("the lbd that runs was not taken over: \(reason)")
  }

  // MARK: Once this lbd is ready

  /// Has the former one promise to take no more orders. One of an older release knows no promise: that one
  /// is told at once.
  mutating func askForPromise() {
    guard let request = side.start() else { return }
    ask(request)
    if side.state == .telling { ask(.done) }
  }

  /// Tells the former one that this one serves, which decides, unless there is nobody to tell.
  mutating func tell(isMoved: Bool) {
    guard case .moving = side.state else { return }
    // Whoever is told in time that it was given up says nothing more.
    if isGivenUp() { side.giveUp() }
    guard let request = side.moved(isMoved) else {
      if !isMoved { reason = "the control socket cannot be where it has to be" }
      return
    }
    let isSent = send(request)
    side.tell(isSent: isSent, isRevoked: !isSent && isGivenUp())
  }

  /// The former lbd is there, and drains.
  var hasFormer: Bool { side.state == .settling }

  /// Has the loop look whether the former one answers or ends, if it has not yet.
  func watch(_ poller: borrowing Poller, token: UInt64) {
    try? poller.add(connection, .readable, token: token)
  }

  /// Takes what the former one says after it was told.
  mutating func listen() {
    while side.state == .settling {
      switch nextAnswer(within: 0) {
      case .late: return
      case let answer: side.hear(answer)
      }
    }
  }

  // MARK: Questions and answers

  private mutating func ask(_ request: TakeoverRequest) {
    // What it said before it ended counts, too.
    _ = send(request)
    let answer = nextAnswer(within: Takeover.patience)
    side.hear(answer)
  }

  /// Whether it lies in the former one's queue. It is small enough to be there whole or not at all.
  private func send(_ request: TakeoverRequest) -> Bool {
    let target =
      switch request {
      case .listener: ControlPath.takeover
      case .promise: ControlPath.takeoverReady
      case .done: ControlPath.takeoverDone
      }
    let text = "POST \(target) HTTP/1.1\r\nHost: lbd\r\nContent-Length: 0\r\n\r\n"
    return connection.send(Array(text.utf8).span) == .moved(text.utf8.count)
  }

  /// Whether there is an answer to what was not asked: that it was given up.
  private mutating func isGivenUp() -> Bool { nextAnswer(within: 0) == .refused }

  private mutating func nextAnswer(within milliseconds: Int) -> NextSide.Answer {
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while true {
      if let answer = take() { return answer }
      switch connection.receive(appendingTo: &received, atMost: 64 << 10, passed: &listener) {
      case .moved: break
      case .wouldBlock:
        let now = Clock.now()
        let left = now < deadline ? Int((deadline - now) / 1_000_000) + 1 : 0
        guard left > 0, connection.wait(until: .readable, milliseconds: left) == .ready else {
          reason = "it gave no answer within \(Takeover.patience / 1000) s"
          return .late
        }
      case .failed(EPROTO):
        reason = "it passed more than the one listener"
        return .refused
      case .ended, .failed:
        reason = "it has ended"
        return .ended
      }
    }
  }

  /// The next whole answer; nil while there is more to come.
  private mutating func take() -> NextSide.Answer? {
    var head = ResponseHead()
    var framing = ResponseFraming()
    switch HeadParser.parse(response: received.span, into: &head) {
    case .incomplete: return nil
    case .malformed: return refused("its answer makes no sense")
    case .complete(let end):
      guard Framing.examine(head, received.span, to: .post, into: &framing),
        case .length(let length) = framing.body, length <= AdminStates.limit
      else { return refused("its answer makes no sense; is it older than this one?") }
      guard received.count >= end + length else { return nil }
      let body = Array(received[end..<end + length])
      received.removeFirst(end + length)
      return understand(head.status, body)
    }
  }

  private mutating func understand(_ status: Int, _ body: [UInt8]) -> NextSide.Answer {
    switch status {
    case 200: break
    case 404: return .unknown
    default: return refused("it answered \(status): \(Takeover.detail(body))")
    }
    do throws(StateFlaw) {
      orders = try AdminStates(reading: body)
      return .granted
    } catch {
      return refused("line \(error.line) of its orders: \(error.reason)")
    }
  }

  /// What a `DetailReport` says, without a reader of JSON: what is none stays as it is.
  private static func detail(_ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(400), as: UTF8.self)
    let parts = text.split(separator: "\"detail\":\"", maxSplits: 1)
    return parts.count == 2 ? String(parts[1].prefix { $0 != "\"" }) : text
  }

  private mutating func refused(_ reason: String) -> NextSide.Answer {
    received = []
    self.reason = reason
    return .refused
  }
}
