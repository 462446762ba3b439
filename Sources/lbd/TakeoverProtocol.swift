// What both sides of a takeover know of it and may do next, without a socket or a clock: the daemon acts
// by these values, and a test runs them through every order of steps, deaths and delays.
//
//     next                        former
//      | listener  ------------->  |  hands its listener over, and serves on
//      | (starts, probes)          |
//      | promise   ------------->  |  takes no more orders, and serves on
//      | puts its control socket where the former one's was
//      | done      ------------->  |  drains
//
// Exactly one of the two serves in the end, since one event decides and the kernel orders it: that "done"
// lies in the former one's queue. Before that the next one changes nothing that the former one could not
// have back; the former one, once it has given the next one up, closes the queue and then looks what lies
// in it. Whoever dies closes the connection, and what had been sent by then is still read.

/// What the next lbd says.
enum TakeoverRequest: Hashable {
  /// Wants the listener, and the orders in force.
  case listener
  /// Is ready to serve, and wants the orders once more: there shall be no others after that.
  case promise
  /// Serves.
  case done
}

/// The takeover as the lbd that runs knows it.
struct FormerSide: Hashable {
  enum State: Hashable {
    /// Nobody takes over.
    case serving
    /// The same, and nobody may: the one before it has not heard yet that it is followed.
    case settling
    /// The lbd on this connection has the listener, too.
    case handed(UInt64)
    /// The same, and it is about to serve: orders would be lost on this one.
    case promised(UInt64)
    /// It was silent for too long and is told so. It serves only if it has said so by then.
    case revoking(UInt64)
    /// Another lbd serves.
    case followed
  }

  private(set) var state = State.serving

  /// The connection of the one that takes over.
  var successor: UInt64? {
    switch state {
    case .handed(let connection), .promised(let connection), .revoking(let connection): connection
    case .serving, .settling, .followed: nil
    }
  }

  /// Orders may be given to this lbd.
  var takesOrders: Bool {
    switch state {
    case .serving, .settling, .handed: true
    case .promised, .revoking, .followed: false
    }
  }

  /// Whether what was said is granted; else nothing has changed.
  /// - Parameters:
  ///   - isThere: who said it had not ended since.
  ///   - isAnotherThere: another lbd listens at the control socket's path.
  mutating func hear(
    _ request: TakeoverRequest, from connection: UInt64, isThere: Bool = true,
    isAnotherThere: Bool = false
  ) -> Bool {
    switch (request, state) {
    case (.listener, .serving): state = .handed(connection)
    case (.promise, .handed(connection)): state = .promised(connection)
    case (.done, .promised(connection)), (.done, .revoking(connection)):
      // One that has died since leaves this one to serve: it had no successor before it had an answer.
      guard isThere else { return false }
      state = .followed
    case (.done, .handed(connection)):
      // One of an older release promises nothing of the kind, and may have ended its connection.
      guard isThere || isAnotherThere else { return false }
      state = .followed
    default: return false
    }
    return true
  }

  /// The one that takes over has been silent for too long.
  mutating func lapse() {
    switch state {
    case .handed(let connection), .promised(let connection): state = .revoking(connection)
    case .serving, .settling, .revoking, .followed: break
    }
  }

  /// This lbd took over itself.
  /// - Parameter isSettled: the one before it has answered, or ended.
  mutating func takeOver(isSettled: Bool) {
    if state == .serving || state == .settling { state = isSettled ? .serving : .settling }
  }

  /// A connection is over, and all that came on it was heard. True when its lbd was to take over: this one
  /// goes on, and puts right what the other may have changed.
  mutating func end(of connection: UInt64) -> Bool {
    guard successor == connection else { return false }
    state = .serving
    return true
  }
}

/// The takeover as the next lbd knows it.
struct NextSide: Hashable {
  enum State: Hashable {
    /// Has asked for the listener.
    case asking
    /// Has it, and starts.
    case starting
    /// Has asked for the promise.
    case ready
    /// Has the former one's promise, or outlives it: its control socket goes where the other's is.
    case moving(isAlone: Bool)
    /// A former lbd of an older release was told "done" without having promised anything.
    case telling
    /// Serves in the other's place, which may not have heard of it yet.
    case settling
    /// Serves, and the other one has answered or ended.
    case serving
    /// Ends; the former one serves on.
    case over
  }

  /// What comes of a question, or instead of an answer.
  enum Answer: Hashable {
    case granted, refused
    /// Not known to a former lbd of an older release.
    case unknown
    /// The former lbd has died.
    case ended
    /// There was none in time.
    case late
  }

  private(set) var state = State.asking

  mutating func hear(_ answer: Answer) {
    switch (state, answer) {
    case (.asking, .granted): state = .starting
    case (.ready, .granted): state = .moving(isAlone: false)
    case (.ready, .ended): state = .moving(isAlone: true)
    case (.ready, .unknown): state = .telling
    // The older one drains as soon as it hears of it, and there is no way back from having told it.
    case (.telling, .granted), (.telling, .ended): state = .serving
    case (.telling, .late): state = .settling
    case (.settling, .granted), (.settling, .ended): state = .serving
    // What it said before it heard of this.
    case (.settling, _), (.serving, _): break
    default: state = .over
    }
  }

  /// Its replicas are known, so that it could serve: what to say to the former one.
  mutating func start() -> TakeoverRequest? {
    guard state == .starting else { return nil }
    state = .ready
    return .promise
  }

  /// Its control socket is where the other's was, or could not be put there: what to say now. One that is
  /// alone serves without, and goes on trying.
  mutating func moved(_ isDone: Bool) -> TakeoverRequest? {
    switch state {
    case .moving(isAlone: true): state = .serving
    case .moving where isDone: return .done
    default: state = .over
    }
    return nil
  }

  /// "done" was sent, or could not be: then the former one has closed its queue or died.
  /// - Parameter isRevoked: it had said before that it closes it.
  mutating func tell(isSent: Bool, isRevoked: Bool) {
    guard case .moving(isAlone: false) = state else { return }
    state = isSent ? .settling : isRevoked ? .over : .serving
  }

  /// Told to end itself, or unable to go on.
  mutating func giveUp() {
    if !serves { state = .over }
  }

  /// It serves, and nothing takes that back.
  var serves: Bool { state == .settling || state == .serving }
}
