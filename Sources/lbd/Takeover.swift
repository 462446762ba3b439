// How the next lbd asks the one that runs for its place, over the control socket: first for the listener
// and the orders, and when it is ready to serve, to drain. Until then the other one goes on as if nothing
// was.

import Configuration
import ControlProtocol
import Glibc
import HTTPWire
import LinuxIO

/// The connection to the lbd that is to be followed. Each call blocks, for a few seconds at most.
struct Takeover: ~Copyable {
  private static let patience = 5000

  private let connection: Descriptor
  /// Where clients connect to.
  private var listener: Descriptor?
  /// What operators have ordered.
  private(set) var orders = StandingOrders()

  /// Gets the listener and the orders from the lbd at `path`.
  static func begin(at path: String) throws(StartFailure) -> Takeover {
    var takeover = Takeover(try connect(path))
    takeover.orders = try takeover.ask(ControlPath.takeover)
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

  /// A listener for the conf's place: the one that was passed where that is the same.
  func nextListener(
    _ configuration: Configuration, workers: Int
  ) throws(StartFailure) -> NextListener {
    switch listener {
    case .some(let listener):
      if let flaw = PassedSockets.flaw(of: listener) {
        throw Takeover.failure("the descriptor that it passed \(flaw)")
      }
      return try NextListener(configuration, workers: workers, beside: listener)
    case .none: throw Takeover.failure("it has passed no listener")
    }
  }

  /// Has the other one drain. Gives the orders at its end.
  mutating func finish() throws(StartFailure) -> StandingOrders {
    try ask(ControlPath.takeoverDone)
  }

  private static func failure(_ reason: String) -> StartFailure {
    StartFailure("the lbd that runs was not taken over: \(reason)")
  }

  private mutating func ask(_ target: String) throws(StartFailure) -> StandingOrders {
    let request = "POST \(target) HTTP/1.1\r\nHost: lbd\r\nContent-Length: 0\r\n\r\n"
    guard case .moved(request.utf8.count) = connection.send(Array(request.utf8).span) else {
      throw Takeover.failure("it takes no request")
    }
    let deadline = Clock.now() + UInt64(Takeover.patience) * 1_000_000
    var bytes: [UInt8] = []
    while true {
      switch connection.receive(appendingTo: &bytes, atMost: 64 << 10, passed: &listener) {
      case .moved: if let orders = try read(bytes) { return orders }
      case .wouldBlock:
        let now = Clock.now()
        let left = now < deadline ? Int((deadline - now) / 1_000_000) + 1 : 0
        guard left > 0, connection.wait(until: .readable, milliseconds: left) == .ready else {
          throw Takeover.failure("it gave no answer within \(Takeover.patience / 1000) s")
        }
      case .failed(EPROTO): throw Takeover.failure("it passed more than the one listener")
      case .ended, .failed: throw Takeover.failure("it has ended")
      }
    }
  }

  /// The orders in an answer; nil while there is more to come.
  private func read(_ bytes: [UInt8]) throws(StartFailure) -> StandingOrders? {
    var head = ResponseHead()
    var framing = ResponseFraming()
    guard case .complete(let end) = HeadParser.parse(response: bytes.span, into: &head) else {
      return nil
    }
    guard Framing.examine(head, bytes.span, to: .post, into: &framing),
      case .length(let length) = framing.body, length <= StandingOrders.limit
    else { throw Takeover.failure("its answer makes no sense; is it older than this one?") }
    guard bytes.count >= end + length else { return nil }
    let body = Array(bytes[end..<end + length])
    guard head.status == 200 else {
      throw Takeover.failure("it answered \(head.status) \(String(decoding: body, as: UTF8.self))")
    }
    do throws(StateFlaw) {
      return try StandingOrders(reading: body)
    } catch {
      throw Takeover.failure("line \(error.line) of its orders: \(error.reason)")
    }
  }
}
