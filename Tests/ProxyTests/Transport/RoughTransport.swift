// A transport that does at random what TLS does now and then: it holds received bytes back that no event
// announces, holds sent bytes that the socket did not take, and wants the other direction first.

import LinuxIO
import Proxy
import TestSupport

final class RoughTransport: LegTransport {
  private var random: Seeded
  private let roughens: (_ isClient: Bool) -> Bool
  private var legs: [UInt32: RoughRecords] = [:]
  private var last: UInt32 = 0
  /// How often each was done.
  private(set) var heldBack = 0, heldOutput = 0, wantedOther = 0

  /// - Parameter roughens: which legs travel so.
  init(seed: UInt64, roughens: @escaping (_ isClient: Bool) -> Bool) {
    random = Seeded(seed)
    self.roughens = roughens
  }

  var isEmpty: Bool { legs.isEmpty }

  func open(isClient: Bool) -> UInt32? {
    guard roughens(isClient) else { return nil }
    last += 1
    legs[last] = RoughRecords(allowance: Int.random(in: 1...6, using: &random))
    return last
  }

  func close(_ link: UInt32) { legs[link] = nil }

  func held(_ link: UInt32) -> Int { legs[link]?.output.count ?? 0 }

  func receive(_ link: UInt32, _ socket: borrowing Descriptor, into buffer: inout Buffer) -> Receipt
  {
    guard var leg = legs[link] else { fatalError("a leg that is closed receives") }
    defer { legs[link] = leg }
    var outcome = TransferOutcome.wouldBlock
    if leg.available == 0 { outcome = pull(&leg, socket) }
    push(&leg, socket)
    // What is owed goes first.
    let mustAnswer = leg.owesAnswer && !leg.output.isEmpty
    var receipt = Receipt(outcome)
    if mustAnswer {
      wantedOther += 1
      receipt = Receipt(.wouldBlock)
      receipt.wantsOther = true
    } else if leg.available > 0 {
      let most = min(leg.available, buffer.space)
      let count =
        Int.random(in: 0..<3, using: &random) == 0 ? Int.random(in: 1...most, using: &random) : most
      guard buffer.append(leg.take(count).span) else { fatalError("no space") }
      receipt = Receipt(.moved(count))
      if leg.available > 0 { heldBack += 1 }
      receipt.mayHaveMore = true
    }
    return note(leg, receipt)
  }

  func send(_ link: UInt32, _ socket: borrowing Descriptor, _ bytes: Span<UInt8>) -> Receipt {
    guard var leg = legs[link] else { fatalError("a leg that is closed sends") }
    defer { legs[link] = leg }
    push(&leg, socket)
    guard leg.output.isEmpty else { return note(leg, Receipt(.wouldBlock)) }
    guard leg.maySend else {
      if !leg.hasAsked { leg.ask() }
      push(&leg, socket)
      wantedOther += 1
      var receipt = Receipt(.wouldBlock)
      receipt.wantsOther = true
      return note(leg, receipt)
    }
    let count = Int.random(in: 1...min(bytes.count, RoughRecords.longest), using: &random)
    leg.send((0..<count).map { bytes[$0] })
    push(&leg, socket)
    return note(leg, Receipt(.moved(count)))
  }

  func take(_ link: UInt32, _ socket: borrowing Descriptor) -> Receipt {
    guard var leg = legs[link] else { fatalError("a leg that is closed takes") }
    defer { legs[link] = leg }
    var receipt = Receipt(pull(&leg, socket))
    push(&leg, socket)
    receipt.mayHaveMore = leg.available > 0
    return note(leg, receipt)
  }

  func flush(_ link: UInt32, _ socket: borrowing Descriptor) -> Receipt {
    guard var leg = legs[link] else { fatalError("a leg that is closed flushes") }
    defer { legs[link] = leg }
    push(&leg, socket)
    return note(leg, Receipt(.wouldBlock))
  }

  private func note(_ leg: RoughRecords, _ receipt: Receipt) -> Receipt {
    var receipt = receipt
    receipt.holdsOutput = !leg.output.isEmpty
    receipt.letsSend = leg.maySend
    if receipt.holdsOutput { heldOutput += 1 }
    return receipt
  }

  /// Takes what the socket has: all of it, since no event comes again for the rest.
  private func pull(_ leg: inout RoughRecords, _ socket: borrowing Descriptor) -> TransferOutcome {
    while true {
      var bytes: [UInt8] = []
      let outcome = socket.receive(
        appendingTo: &bytes, atMost: Int.random(in: 1...8192, using: &random))
      guard case .moved = outcome else { return outcome }
      leg.received(bytes)
    }
  }

  /// Sends what is for the socket, as far as it takes it.
  private func push(_ leg: inout RoughRecords, _ socket: borrowing Descriptor) {
    while !leg.output.isEmpty {
      let count = Int.random(in: 1...min(leg.output.count, 4096), using: &random)
      guard case .moved(let moved) = socket.send(leg.output.span.extracting(first: count)) else {
        return
      }
      leg.output.removeFirst(moved)
    }
    leg.owesAnswer = false
  }
}
