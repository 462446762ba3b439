// The end of a response's body, and the form in which it goes to the client.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Counts the bytes after `pending` as body, as far as they belong to it.
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

  /// Makes the received bytes up to `ready` pending. Bytes after the body's end belong to no request:
  /// they go no further, and the connection serves no other exchange.
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

  /// Makes a chunk of the received bytes. The first chunk's size went out with the head.
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

  /// Ends the replica's direction, and with it lbd's to the client; the exchange ends with both
  /// directions.
  mutating func endTunnelHalf(_ exchange: SlabSlot<Exchange>) -> Digest {
    clients[exchanges[exchange].client].leg.endSending()
    let upstream = exchanges[exchange].upstream
    let isHeld = upstream != .absent && upstreams[upstream].leg.holdsOutput
    if isRequestSent(exchange) && !isHeld { end(exchange) }
    return .settled
  }
}
