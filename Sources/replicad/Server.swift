// The main thread: it owns the listener and the signals, gives each connection a thread of its own,
// and at TERM waits until those have finished. It never reads or writes a connection.

import ControlProtocol
import Glibc
import LinuxIO

/// The main thread's loop and what only it touches.
struct Server: ~Copyable {
  /// How long a thread or descriptor that could not be had is waited for, in milliseconds.
  private static var pause: Int { 50 }
  /// Rounds of accepting at a stop: enough for a full queue of the listener. Clients that go on coming
  /// end nothing.
  private static var lastRounds: Int { 64 }
  /// What TERM gives requests in flight, in nanoseconds.
  private static var grace: UInt64 { 30_000_000_000 }

  private enum Token {
    static let listener: UInt64 = 1
    static let signals: UInt64 = 2
    static let left: UInt64 = 3
  }

  private let replica: Replica
  private let signals: Signals
  private let poller: Poller
  private var listener: Descriptor?

  /// Serves until it is told to stop, and gives the process's exit code.
  static func run(_ options: Options) -> Int32 {
    _ = Descriptor.raiseLimit()
    let manager = ServiceManager(environment: Console.environment())
    guard let address = SocketAddress.resolve(options.host, port: options.port).first else {
      Console.error(
        "replicad: cannot resolve host \"\(options.host)\"; give an address such as 127.0.0.1")
      return 1
    }
    do throws(SystemError) {
      var server = try Server(options, on: address)
      manager.notify("READY=1")
      server.serve()
      manager.notify("STOPPING=1")
      server.drain()
      return 0
    } catch {
      if error.call == "open" {
        Console.error(
          "replicad: cannot record to \(options.record ?? ""): \(error.reason); choose another file"
        )
        return 1
      }
      let remedy =
        error.code == EADDRINUSE
        ? "stop what listens there or choose another --port" : "choose another --host or --port"
      Console.error("replicad: cannot listen on \(address): \(error.reason); \(remedy)")
      return 1
    }
  }

  private init(_ options: Options, on address: SocketAddress) throws(SystemError) {
    let signals = try Signals([SIGTERM, SIGINT, SIGUSR1])
    let poller = try Poller(batch: 8)
    let socket = try Socket.listen(address)
    let port = Socket.localAddress(socket)?.port ?? options.port
    let replica = try Replica(options, port: port)
    try poller.add(socket, .readable, token: Token.listener)
    try poller.add(signals.descriptor, .readable, token: Token.signals)
    try poller.add(replica.left.descriptor, .readable, token: Token.left)
    self.signals = signals
    self.poller = poller
    self.replica = replica
    listener = consume socket
    let bound = SocketAddress(ip: address.host, port: port) ?? address
    Console.error("replicad \(Release.version): listening on http://\(bound) (pid \(getpid()))")
  }

  /// Accepts until TERM or INT.
  private mutating func serve() {
    while true {
      for index in 0..<poller.wait(milliseconds: -1) {
        switch poller.event(index).token {
        case Token.signals where heedSignals(): return
        case Token.listener: _ = acceptWaiting()
        default: break
        }
      }
    }
  }

  /// Takes what signals came. True when one asks to stop.
  private func heedSignals() -> Bool {
    var asksToStop = false
    while let signal = signals.next() {
      if signal == SIGUSR1 {
        let state = replica.toggleHealth() ? "healthy" : "unhealthy"
        Console.error("replicad: port \(replica.port) is now \(state)")
      } else {
        asksToStop = true
      }
    }
    return asksToStop
  }

  /// Gives threads to the connections that wait. Returns early when a signal is to be read or
  /// something is exhausted: the listener stays readable and brings the loop back here. True when
  /// more may wait.
  private mutating func acceptWaiting() -> Bool {
    for _ in 0..<64 {
      guard replica.open < replica.options.connections else { return pauseUnlessSignalled() }
      guard let listener = listener.take() else { return false }
      let outcome = Socket.accept(listener)
      self.listener = consume listener
      switch consume outcome {
      case .none: return false
      case .exhausted: return pauseUnlessSignalled()
      case .accepted(let socket, _):
        // Safe to hand over as a number: the thread, or the failed start's return, closes it.
        guard serveOnThread(socket.release()) else { return false }
      }
    }
    return true
  }

  /// Starts the connection's thread, waiting for one as long as none can be had. False when the
  /// replica was told to stop meanwhile.
  private func serveOnThread(_ raw: Int32) -> Bool {
    let replica = replica
    replica.connectionBegins()
    while true {
      do throws(SystemError) {
        try Thread.start("connection", stack: 128 << 10) {
          Connection.serve(Descriptor(owning: raw), replica)
          replica.connectionEnds()
        }.detach()
        return true
      } catch {
        if signals.descriptor.wait(until: .readable, milliseconds: Server.pause) == .ready {
          _ = Descriptor(owning: raw)
          replica.connectionEnds()
          return false
        }
      }
    }
  }

  private func pauseUnlessSignalled() -> Bool {
    _ = signals.descriptor.wait(until: .readable, milliseconds: Server.pause)
    return false
  }

  /// Serves what had reached the listener's queue, closes it, and waits for what is in flight:
  /// until all is finished, the grace is over, or a second TERM comes.
  private mutating func drain() {
    for _ in 0..<Server.lastRounds { guard acceptWaiting() else { break } }
    listener = nil
    replica.beginStop()
    let deadline = Clock.now() + Server.grace
    while replica.open > 0 {
      let now = Clock.now()
      guard now < deadline else { break }
      for index in 0..<poller.wait(milliseconds: Int((deadline - now) / 1_000_000) + 1) {
        switch poller.event(index).token {
        case Token.signals where heedSignals(): return reportCut()
        default: replica.left.clear()
        }
      }
    }
    reportCut()
  }

  private func reportCut() {
    let open = replica.open
    if open > 0 { Console.error("replicad: stopped with \(open) connections cut off") }
  }
}
