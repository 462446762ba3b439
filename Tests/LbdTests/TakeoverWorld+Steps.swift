// What each lbd of a world may do next.

@testable import lbd

extension TakeoverWorld {
  func steps(of index: Int) -> [TakeoverWorld] {
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

  private func unless(_ former: TakeoverWorld) -> [TakeoverWorld] {
    self == former ? [] : [self]
  }

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

  /// Its control socket goes to the path, and it looks that it was not given up, each a step of its own;
  /// then the word that decides.
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
    guard lbds[index].hasLooked else {
      return [
        changed {
          $0.lbds[index].hasLooked = true
          // Whoever is told in time that it was given up says nothing more.
          if $0.lbds[index].connection?.toNext.isEmpty == false { $0.lbds[index].next.giveUp() }
        }
      ]
    }
    return [
      changed {
        guard let request = $0.lbds[index].next.moved(true) else { return $0.settle(index) }
        let isSent = $0.say(request, index)
        let isRevoked = $0.lbds[index].connection?.isRevoked == true
        $0.lbds[index].next.tell(isSent: isSent, isRevoked: isRevoked)
        $0.settle(index)
      }
    ]
  }
}
