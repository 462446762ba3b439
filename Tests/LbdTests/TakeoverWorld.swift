// The world of a takeover, without sockets and clocks: a few lbds, their connections, and the path of the
// control socket. Each step is one thing that one lbd does, so that any order of steps can be tried.

@testable import lbd

/// All that counts of it.
struct TakeoverWorld: Hashable {
  /// What may go wrong, and how often.
  struct Faults: Hashable {
    /// Deaths at any moment.
    var deaths = 0
    /// Lbds that stand still from some moment on, for good.
    var hangs = 0
    /// Waits that come to their end: whoever is slow, or stands still for a while, meets one.
    var lapses = 0
    /// Control sockets that can't be made.
    var refusals = 0
  }

  /// A connection from a next lbd to the one that it found.
  struct Connection: Hashable {
    let former: Int
    var toFormer: [TakeoverRequest] = []
    var toNext: [NextSide.Answer] = []
    var isRevoked = false
    /// The former one reads no further than what is there.
    var isShut = false
    var isClosedByFormer = false
    var isClosedByNext = false
  }

  enum Life: Hashable { case unborn, alive, hung, dead, ended }

  struct Lbd: Hashable {
    enum Kind: Hashable { case first, next, fresh }
    var kind: Kind
    var life = Life.unborn
    var next = NextSide()
    var former = FormerSide()
    var connection: Connection?
    /// Has the listener, so that no client is refused.
    var hasListener = false
    /// Has made its control socket at the path, whoever has the path by now.
    var hasPlaced = false
    /// Has looked, after that, that it was not given up.
    var hasLooked = false
    /// Those whose takeover was not to be: what they put at the path is in the way.
    var gaveUp: Set<Int> = []

    /// Serves, or would if nothing else came.
    var isOwner: Bool {
      guard life == .alive || life == .hung, hasListener, former.state != .followed else {
        return false
      }
      return kind == .next ? next.serves : true
    }

    /// Would serve if the former one died now.
    var isHeir: Bool {
      guard kind == .next, life == .alive, hasListener else { return false }
      switch next.state {
      case .asking, .starting, .ready, .moving: return true
      case .telling, .settling, .serving, .over: return false
      }
    }
  }

  var lbds: [Lbd]
  /// Who has made the socket that lies at the control path.
  var holder: Int?
  var faults: Faults
  /// The only lbd that could serve has died: nothing is promised then.
  var isExcused = false

  init(_ kinds: [Lbd.Kind], _ faults: Faults) {
    lbds = kinds.map { Lbd(kind: $0) }
    self.faults = faults
    for index in lbds.indices where lbds[index].kind == .first {
      lbds[index].life = .alive
      lbds[index].hasListener = true
      holder = index
    }
  }

  /// Something accepts connections at the control path: a process that stands still does, too.
  var isHolderAlive: Bool {
    guard let holder else { return false }
    return lbds[holder].life == .alive || lbds[holder].life == .hung
  }

  /// The kernel takes connections of clients: some process has the listener.
  var isServed: Bool {
    lbds.contains { ($0.life == .alive || $0.life == .hung) && $0.hasListener }
  }

  var owners: [Int] { lbds.indices.filter { lbds[$0].isOwner } }

  /// Every world that one step leads to.
  func successors() -> [TakeoverWorld] {
    lbds.indices.flatMap { index -> [TakeoverWorld] in
      switch lbds[index].life {
      case .unborn: [changed { $0.begin(index) }]
      case .alive: steps(of: index) + misfortunes(of: index)
      case .hung, .dead, .ended: []
      }
    }
  }

  func changed(_ body: (inout TakeoverWorld) -> Void) -> TakeoverWorld {
    var world = self
    body(&world)
    return world
  }

  private func misfortunes(of index: Int) -> [TakeoverWorld] {
    var worlds: [TakeoverWorld] = []
    if faults.deaths > 0 {
      worlds.append(
        changed {
          $0.faults.deaths -= 1
          $0.die(index)
        })
    }
    if faults.hangs > 0 {
      worlds.append(
        changed {
          $0.faults.hangs -= 1
          $0.lbds[index].life = .hung
        })
    }
    return worlds
  }

  // MARK: Beginnings and ends

  private mutating func begin(_ index: Int) {
    lbds[index].life = .alive
    guard lbds[index].kind == .next else { return }
    guard isHolderAlive, let holder else { return end(index) }
    lbds[index].connection = Connection(former: holder, toFormer: [.listener])
  }

  private mutating func die(_ index: Int) {
    let couldServe = lbds[index].isOwner
    lbds[index].life = .dead
    closeConnections(of: index)
    let isAnyLeft = lbds.contains { $0.isOwner || $0.isHeir }
    if couldServe && !isAnyLeft { isExcused = true }
  }

  /// An end of its own accord takes its control socket along, unless another's has taken its place.
  mutating func end(_ index: Int) {
    lbds[index].life = .ended
    if holder == index { holder = nil }
    closeConnections(of: index)
  }

  private mutating func closeConnections(of index: Int) {
    lbds[index].connection?.isClosedByNext = true
    for other in lbds.indices where lbds[other].connection?.former == index {
      lbds[other].connection?.isClosedByFormer = true
    }
  }
}
