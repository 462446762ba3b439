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

  private func changed(_ body: (inout TakeoverWorld) -> Void) -> TakeoverWorld {
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
  private mutating func end(_ index: Int) {
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

  // MARK: Steps

  private func steps(of index: Int) -> [TakeoverWorld] {
    switch lbds[index].kind {
    case .first: formerSteps(index)
    case .next:
      (lbds[index].next.serves ? formerSteps(index) : []) + nextSteps(index)
    case .fresh: lbds[index].hasListener ? formerSteps(index) : [changed { $0.start(index) }]
    }
  }

  /// One that is started anew: its control socket first, under a lock, then the listener.
  private mutating func start(_ index: Int) {
    guard lbds[index].hasPlaced else {
      if isHolderAlive { return end(index) }
      holder = index
      lbds[index].hasPlaced = true
      return
    }
    let isTaken = lbds.contains { ($0.life == .alive || $0.life == .hung) && $0.hasListener }
    if isTaken { return end(index) }
    lbds[index].hasListener = true
  }

  private func formerSteps(_ index: Int) -> [TakeoverWorld] {
    if lbds[index].former.state == .followed { return [changed { $0.end(index) }] }
    var worlds: [TakeoverWorld] = []
    for other in lbds.indices {
      guard let connection = lbds[other].connection, connection.former == index,
        !connection.isClosedByFormer
      else { continue }
      if !connection.toFormer.isEmpty {
        worlds.append(changed { $0.hear(index, from: other) })
      } else if connection.isClosedByNext || connection.isShut {
        worlds.append(changed { $0.seeEnd(index, of: other) })
      }
    }
    let side = lbds[index].former
    if let successor = side.successor {
      if case .revoking = side.state {
        worlds += changed { $0.revoke(Int(successor)) }.unless(self)
      } else if faults.lapses > 0 {
        worlds.append(
          changed {
            $0.faults.lapses -= 1
            $0.lbds[index].former.lapse()
          })
      }
    } else if holder != index, !isHolderAlive || lbds[index].gaveUp.contains(holder ?? index) {
      worlds.append(changed { $0.holder = index })
    }
    return worlds
  }

  private func unless(_ former: TakeoverWorld) -> [TakeoverWorld] { self == former ? [] : [self] }

  private mutating func hear(_ index: Int, from other: Int) {
    guard let request = lbds[other].connection?.toFormer.removeFirst(),
      let connection = lbds[other].connection
    else { return }
    let isGranted = lbds[index].former.hear(
      request, from: UInt64(other),
      isThere: !connection.isClosedByNext, isAnotherThere: isHolderAlive && holder != index)
    lbds[other].connection?.toNext.append(isGranted ? .granted : .refused)
    // It is the other's as soon as it is on its way.
    if request == .listener && isGranted && lbds[other].life != .dead {
      lbds[other].hasListener = true
    }
  }

  private mutating func seeEnd(_ index: Int, of other: Int) {
    lbds[other].connection?.isClosedByFormer = true
    guard lbds[index].former.end(of: UInt64(other)) else { return }
    lbds[index].gaveUp.insert(other)
    holder = index
  }

  /// First the word, then the end of the queue.
  private mutating func revoke(_ other: Int) {
    guard lbds[other].connection?.isRevoked == true else {
      lbds[other].connection?.isRevoked = true
      lbds[other].connection?.toNext.append(.refused)
      return
    }
    lbds[other].connection?.isShut = true
  }

  private func nextSteps(_ index: Int) -> [TakeoverWorld] {
    switch lbds[index].next.state {
    case .asking, .ready, .telling, .settling: awaitAnswer(index)
    case .starting:
      [
        changed {
          guard let request = $0.lbds[index].next.start() else { return }
          if !$0.say(request, index) { $0.lbds[index].connection?.toNext.append(.ended) }
        }
      ]
    case .moving: move(index)
    case .over: [changed { $0.end(index) }]
    case .serving: []
    }
  }

  /// Whether it lies in the former one's queue.
  private mutating func say(_ request: TakeoverRequest, _ index: Int) -> Bool {
    guard let connection = lbds[index].connection, !connection.isClosedByFormer,
      !connection.isShut
    else { return false }
    lbds[index].connection?.toFormer.append(request)
    return true
  }

  private func awaitAnswer(_ index: Int) -> [TakeoverWorld] {
    guard let connection = lbds[index].connection else { return [] }
    if let answer = connection.toNext.first {
      return [
        changed {
          $0.lbds[index].connection?.toNext.removeFirst()
          $0.lbds[index].next.hear(answer)
          $0.settle(index)
        }
      ]
    }
    if connection.isClosedByFormer {
      return [
        changed {
          $0.lbds[index].next.hear(.ended)
          $0.settle(index)
        }
      ]
    }
    guard faults.lapses > 0, lbds[index].next.state != .settling else { return [] }
    return [
      changed {
        $0.faults.lapses -= 1
        $0.lbds[index].next.hear(.late)
      }
    ]
  }

  private mutating func settle(_ index: Int) {
    let next = lbds[index].next
    if next.serves { lbds[index].former.takeOver(isSettled: next.state == .serving) }
    if next.state == .serving { lbds[index].connection?.isClosedByNext = true }
  }

  /// Its control socket goes to the path, a step of its own; then the word that decides.
  private func move(_ index: Int) -> [TakeoverWorld] {
    guard lbds[index].hasPlaced else {
      let placed = changed {
        $0.holder = index
        $0.lbds[index].hasPlaced = true
      }
      guard faults.refusals > 0 else { return [placed] }
      let refused = changed {
        $0.faults.refusals -= 1
        _ = $0.lbds[index].next.moved(false)
      }
      return [placed, refused]
    }
    return [
      changed {
        // Whoever is told in time that it was given up says nothing more.
        if $0.lbds[index].connection?.toNext.isEmpty == false {
          return $0.lbds[index].next.giveUp()
        }
        guard let request = $0.lbds[index].next.moved(true) else { return $0.settle(index) }
        let isSent = $0.say(request, index)
        let isRevoked = $0.lbds[index].connection?.isRevoked == true
        $0.lbds[index].next.tell(isSent: isSent, isRevoked: isRevoked)
        $0.settle(index)
      }
    ]
  }
}
