// Heads that are accepted and heads that are not, shared by the tests of rules, of splits and of
// memory.

import HTTPWire

/// Literals with their verdicts. Every refused one is refused whatever follows it.
enum HeadSamples {
  /// Whole request heads; nothing follows them.
  static let requests = [
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET /a?b=c&d HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost:a\r\nContent-Length:  5 \t\r\nX:\r\nY: \r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://h.example/p?q HTTP/1.1\r\nHost: other\r\n\r\n",
    "GET HTTPS://h.example:443 HTTP/1.1\r\nHost: other\r\n\r\n",
    "GET http://[::1]:80/p HTTP/1.1\r\nHost: other\r\n\r\n",
    // Browsers send these as they are, whatever RFC 3986 says.
    "GET /a|b?c={d}^`\"<>\\ HTTP/1.1\r\nHost: a\r\n\r\n",
    // RFC 9110 §2.5: a higher minor version is read as the highest that is known.
    "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.9\r\nHost: a\r\n\r\n",
    "BREW+7 /pot HTTP/1.1\r\nHost: a\r\n\r\n",
    // RFC 9112 §2.2: an empty line or a few before the request line.
    "\r\nGET / HTTP/1.1\r\n\r\n",
    "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    // RFC 9110 §5.5: obs-text passes in values.
    "GET / HTTP/1.1\r\nX: \u{e9}\u{4e2d}\r\n\r\n",
  ]

  /// Request heads that are refused, and why.
  static let refusedRequests: [(String, Refusal)] = [
    // RFC 9112 §3: method SP target SP version.
    (" GET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("\nGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("GET\t/ HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("G(T / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("GET  / HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET /\r\n\r\n", .malformedTarget),
    ("GET /\u{e9} HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET /\u{7f} HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET /a b HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("GET /  HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.1 \r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.1\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.1\rX", .malformedRequestLine),
    ("GET / http/1.1\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1,1\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/11.\r\n\r\n", .malformedRequestLine),
    ("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("\rGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    // RFC 9110 §2.5: the version.
    ("GET / HTTP/2.0\r\n\r\n", .unsupportedVersion),
    ("GET / HTTP/0.9\r\n\r\n", .unsupportedVersion),
    ("GET / HTTP/3.1\r\n\r\n", .unsupportedVersion),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
    ("CONNECT h:443 HTTP/2.0\r\n\r\n", .unsupportedVersion),
    ("GET / HTTP/1.x\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.10\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/01.1\r\n\r\n", .malformedRequestLine),
    ("GET / HTTP/1.1HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ("GET / XHTTP/1.1\r\n\r\n", .malformedRequestLine),
    // RFC 9112 §3.2: the forms of a target.
    ("GET a HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET * HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET /a#b HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET # HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http://h:x/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http://h:80:80/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http://:80/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http://[::1/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http:/h/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET ?a HTTP/1.1\r\n\r\n", .malformedTarget),
    ("OPTIONS ** HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET ftp://h/ HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http:// HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http:///p HTTP/1.1\r\n\r\n", .malformedTarget),
    ("GET http://u@h/p HTTP/1.1\r\n\r\n", .malformedTarget),
    ("CONNECT h:443 HTTP/1.1\r\n\r\n", .connectNotSupported),
    // RFC 9112 §5.1: no white space around the name; §5.2: no continued lines; §2.2: no bare CR or
    // LF.
    ("GET / HTTP/1.1\r\nA : b\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\n A: b\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\n: b\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\u{0}c\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\u{7f}\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\nA: b\r\n\rX", .malformedField),
    ("GET / HTTP/1.1\r\nA(b): c\r\n\r\n", .malformedField),
    ("GET / HTTP/1.1\r\n\u{e9}: c\r\n\r\n", .malformedField),
    (
      "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n",
      .tooManyFields
    ),
  ]

  static let responses = [
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    // RFC 9112 §4: an empty reason, whose space some leave out.
    "HTTP/1.1 599 \r\n\r\n",
    "HTTP/1.1 204\r\n\r\n",
    "HTTP/1.1 200 d\u{e9}j\u{e0} \t vu\r\n\r\n",
    // RFC 9112 §5.1: white space before the colon is removed from a response.
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA\t \t:b\r\nC :\r\n\r\n",
  ]

  static let refusedResponses = [
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1\t200 OK\r\n\r\n",
    "HTTP/1.1 20x OK\r\n\r\n",
    "HTTP/1.1 099 Low\r\n\r\n",
    "HTTP/1.1 600 High\r\n\r\n",
    "HTTP/1.1 +20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n",
    "HTTP/1.1 200\tOK\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "HTTP/1.1\r\n\r\n",
    "HTTP/1.1 2\r\n\r\n",
    "HTTP/1.1 200 OK\n\r\n",
    "HTTP/1.1 200 O\u{0}K\r\n\r\n",
    "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA \r\n\r\n",
    "HTTP/1.1 200 OK\r\nA\u{b}: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
  ]
}
