// What of a request is still needed when its head's bytes have made room for its body.

import HTTPWire

/// The facts of one request.
struct Request {
  let route: Route
  let method: Method
  let isVersion10: Bool
  /// The client wants the connection to go on.
  let isPersistent: Bool
  /// The key of a WebSocket handshake that is complete and well-formed, else nil.
  let handshakeKey: HandshakeKey?

  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ framing: RequestFraming) {
    route = Route(head.pathRange.map { bytes[$0] })
    method = head.method
    isVersion10 = head.isVersion10
    isPersistent = framing.isPersistent
    handshakeKey = framing.wantsUpgrade ? HandshakeKey(head.fields, bytes) : nil
  }

  var isHead: Bool { method == .head }
  var isAllowed: Bool { route.allows(method) }
}
