// Where a response's body ends, and how it goes on.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Counts the bytes behind `pending` as body, as far as they are.
  mutating func digestBody(_ exchange: SlabSlot<Exchange>) -> Digest {
    let from = exchanges[exchange].response.buffer.start + exchanges[exchange].response.pending
    let end = exchanges[exchange].response.buffer.end
    var ready = end
    switch exchanges[exchange].response.body {
    case .done: ready = from
    case .untilClose: break
    case .chunking(let owesEnd): return digestIntoChunk(exchange, from, end, owesEnd)
    case .length(let remaining):
      let count = min(remaining, end - from)
      ready = from + count
      exchanges[exchange].response.body = count == remaining ? .done : .length(remaining - count)
    case .chunked(let scanner): return digestChunks(exchange, from, end, scanner)
    }
    pass(exchange, upTo: ready, used: ready)
    return .ready
  }

  /// What was received up to `ready` goes out. What is behind the body's end belongs to no request: it
  /// goes no further, nor does its connection serve again.
  private mutating func pass(_ exchange: SlabSlot<Exchange>, upTo ready: Int, used: Int) {
    if used < exchanges[exchange].response.buffer.end {
      exchanges[exchange].response.isUpstreamReusable = false
    }
    exchanges[exchange].response.buffer.truncate(at: ready)
    exchanges[exchange].response.pending = ready - exchanges[exchange].response.buffer.start
  }

  /// A chunked body goes on in normal form.
  private mutating func digestChunks(
    _ exchange: SlabSlot<Exchange>, _ from: Int, _ end: Int, _ scanner: ChunkedScanner
  ) -> Digest {
    var scanner = scanner
    let result = exchanges[exchange].scan(from, end, &scanner)
    let (ready, used) = (from + result.kept, from + result.used)
    switch result.outcome {
    case .malformed: return broken(exchange, "the chunked response is malformed")
    case .complete:
      exchanges[exchange].response.body = .done
      pass(exchange, upTo: ready, used: used)
    case .incomplete:
      // A zero, or part of a trailer's line, stays until there is more.
      exchanges[exchange].response.body = .chunked(scanner)
      exchanges[exchange].response.buffer.closeGap(ready, used)
      let start = exchanges[exchange].response.buffer.start
      exchanges[exchange].response.pending = ready - start
      if exchanges[exchange].response.pending == 0 && result.used == 0 { return .needsBytes }
    }
    return .ready
  }

  /// What was received becomes a chunk: the first one's size went out with the head.
  private mutating func digestIntoChunk(
    _ exchange: SlabSlot<Exchange>, _ from: Int, _ end: Int, _ owesEnd: Bool
  ) -> Digest {
    guard end > from else { return .ready }
    if exchanges[exchange].response.pending == 0 {
      writer.removeAll()
      ChunkWriter.writeSize(end - from, owesEnd: owesEnd, to: &writer)
      exchanges[exchange].beginChunk(writer)
    }
    let isEnded = exchanges[exchange].endChunk()
    exchanges[exchange].response.body = .chunking(owesEnd: !isEnded)
    return .ready
  }

  // MARK: Tunnels

  /// After a 101: bytes both ways until both sides have ended.
  mutating func beginTunnel(_ exchange: SlabSlot<Exchange>) {
    exchanges[exchange].response.stage = .tunnel
    setSilence(exchange)
    exchanges[exchange].request.isPersistent = false
    exchanges[exchange].response.isUpstreamReusable = false
    exchanges[exchange].request.isReplayable = false
    exchanges[exchange].request.body = .untilClose
    exchanges[exchange].response.body = .untilClose
    let client = exchanges[exchange].client
    _ = takeInBody(exchange)
    giveWay(client)
  }

  /// The replica's direction ended: so does the client's, and with both the exchange.
  mutating func endTunnelHalf(_ exchange: SlabSlot<Exchange>) -> Digest {
    clients[exchanges[exchange].client].leg.endSending()
    let upstream = exchanges[exchange].upstream
    let isHeld = upstream != .absent && upstreams[upstream].leg.holdsOutput
    if isRequestSent(exchange) && !isHeld { end(exchange) }
    return .settled
  }
}
