// The documents that lbd serves itself: the page at /docs, its OpenAPI description, and the pool's
// state beside it, which the control socket answers through the same path as any replica.

import HTTPWire
import Ledger
import LinuxIO
import Plan

/// The kinds of lbd's own paths.
enum OwnDocument {
  case none
  case page(Exchange.Page, StaticString)
  /// The pool's state, from the control socket.
  case control
}

extension Client {
  /// The document of lbd's own that a GET or HEAD asks for. Other methods go to the replicas.
  func ownDocument(_ head: borrowing RequestHead) -> OwnDocument {
    let range = head.pathRange
    guard head.method == .get || head.method == .head, range.count >= 5 else { return .none }
    let bytes = input.buffer.bytes
    // All of lbd's paths begin with /docs or /openapi: most requests go no further than this.
    let second = bytes[range.lowerBound + 1]
    guard second == 0x64 || second == 0x6F else { return .none }
    let path = Text.path(bytes, range)
    if Text.equals(bytes, path, "/docs") || Text.equals(bytes, path, "/docs/") {
      return .page(.docs, "text/html; charset=utf-8")
    }
    if Text.equals(bytes, path, "/openapi.json") { return .page(.openAPI, "application/json") }
    return Text.equals(bytes, path, "/docs/pool") ? .control : .none
  }

  /// Whether a request was made on this machine, as far as can be told: over loopback, to a name of
  /// loopback, and by no proxy. A page of another site does not get here under a name of its own, and a
  /// proxy before lbd is told by the conf, by a field that it adds, by the name that it passes on or
  /// by the older version that it speaks.
  func isMadeHere(_ head: borrowing RequestHead) -> Bool {
    guard isLocal && !isTrusted && !head.isVersion10 && head.form == .origin else { return false }
    for index in 0..<head.fields.count where head.fields[index].name.isByProxy { return false }
    let host = head.fields.find(.host)
    guard host.count == 1, let range = host.first?.valueRange else { return false }
    return Authority.isLoopback(input.buffer.bytes, range)
  }

  /// Writes the request that the control socket gets for the pool's state. No part of it is the
  /// client's.
  func writeControlRequest(
    _ head: borrowing RequestHead, tellsAll: Bool, to writer: inout ByteWriter
  ) {
    writer.append(head.method == .head ? "HEAD " : "GET ")
    writer.append(tellsAll || isMadeHere(head) ? "/docs/pool/all" : "/docs/pool")
    writer.append(" HTTP/1.1\r\nHost: lbd\r\n\r\n")
  }
}

extension Worker {
  /// Answers a request for one of lbd's own documents. False where the request goes on; a request for
  /// the pool's state goes to the control socket.
  mutating func serveOwnDocument(_ exchange: SlabSlot<Exchange>, _ headLength: Int) -> Bool {
    let client = exchanges[exchange].client
    switch clients[client].ownDocument(requestHead) {
    case .none: return false
    case .page(let page, let type):
      serve(exchange, page, type, headLength: headLength)
      return true
    case .control:
      exchanges[exchange].pool = Numbering.controlPool
      if exchanges[exchange].request.body.isDone { return false }
      clients[client].input.buffer.consume(headLength)
      refuse(exchange: exchange, .bodyTooLarge)
      return true
    }
  }

  /// Answers with a document.
  mutating func serve(
    _ exchange: SlabSlot<Exchange>, _ page: Exchange.Page, _ type: StaticString, headLength: Int
  ) {
    let client = exchanges[exchange].client
    clients[client].input.dropHead(headLength)
    if !exchanges[exchange].request.body.isDone { exchanges[exchange].request.isPersistent = false }
    writer.removeAll()
    Responses.writeHead(
      200, type: type, length: bytes(of: page).count, connection: ownConnectionOption(exchange),
      date: Clock.wallSeconds(),
      to: &writer)
    if exchanges[exchange].request.method != .head { exchanges[exchange].response.page = page }
    sendOwn(exchange, 200)
  }

  private func bytes(of page: Exchange.Page) -> [UInt8] {
    switch page {
    case .none: []
    case .docs: snapshot.pages.docs
    case .openAPI: snapshot.pages.openAPI
    }
  }

  /// Puts the next piece of the document into the response's buffer.
  mutating func digestPage(_ exchange: SlabSlot<Exchange>) -> Digest {
    let document = bytes(of: exchanges[exchange].response.page)
    let from = exchanges[exchange].response.pageSent
    exchanges[exchange].response.buffer.reset()
    let count = min(document.count - from, exchanges[exchange].response.buffer.space)
    guard count > 0 else {
      exchanges[exchange].response.page = .none
      return .ready
    }
    _ = exchanges[exchange].response.buffer.append(document.span.extracting(from..<from + count))
    exchanges[exchange].response.pageSent = from + count
    exchanges[exchange].response.pending = count
    return .ready
  }
}
