// Why a message was not accepted, and what its sender is told.

/// A reason to refuse a client's message: the status and what the answer's `detail` says.
package enum Refusal: UInt8, Sendable, CaseIterable {
  case malformedRequestLine
  case malformedTarget
  case malformedField
  case missingHost
  case malformedHost
  case conflictingFraming
  case malformedLength
  case malformedChunk
  case requestTimeout
  case bodyTooLarge
  case targetTooLong
  case headTooLarge
  case tooManyFields
  case malformedTransferCoding
  case unknownTransferCoding
  case malformedProxyHeader
  case connectNotSupported
  case unsupportedVersion
  case unknownExpectation
  case connectionTooLong
  case missingProxyHeader
  case untrustedProxy
  /// Of a response: a status that is none.
  case unknownStatus

  /// The status code, RFC 9110 §15.
  package var status: Int {
    switch self {
    case .requestTimeout: 408
    case .bodyTooLarge: 413
    case .targetTooLong: 414
    case .unknownExpectation: 417
    case .headTooLarge, .tooManyFields, .connectionTooLong: 431
    case .unknownTransferCoding, .connectNotSupported: 501
    case .unsupportedVersion: 505
    default: 400
    }
  }

  /// What the client reads, in words that say what to change.
  package var detail: StaticString {
    switch self {
    case .malformedRequestLine: "the request line is malformed"
    case .malformedTarget: "the request target is malformed"
    case .malformedField: "a header field is malformed"
    case .missingHost: "the request needs exactly one Host field"
    case .malformedHost: "the Host field is malformed"
    case .conflictingFraming: "the request's length is given in two ways"
    case .malformedLength: "the Content-Length field is malformed"
    case .malformedChunk: "the chunked body is malformed"
    case .requestTimeout: "the request did not arrive in time"
    case .bodyTooLarge: "the request body is larger than this server accepts"
    case .targetTooLong: "the request target is longer than this server accepts"
    case .headTooLarge: "the header fields are larger than this server accepts"
    case .tooManyFields: "there are more header fields than this server accepts"
    case .malformedTransferCoding: "the Transfer-Encoding field does not end in chunked, once"
    case .malformedProxyHeader: "the PROXY protocol's header is malformed"
    case .unknownTransferCoding: "only the transfer coding chunked is implemented"
    case .connectNotSupported: "the method CONNECT is not implemented"
    case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are supported"
    case .unknownExpectation: "only the expectation 100-continue is supported"
    case .connectionTooLong: "the Connection field is longer than this server accepts"
    case .missingProxyHeader: "the connection does not begin with the PROXY protocol's header"
    case .untrustedProxy: "only trusted proxies may connect here"
    case .unknownStatus: "the status is none of 100 to 599"
    }
  }

  /// What was wrong with a response, as the cause of its 502 says it.
  package var flaw: StaticString {
    switch self {
    case .malformedRequestLine: "the response's status line is malformed"
    case .unsupportedVersion: "the response's version is neither HTTP/1.0 nor HTTP/1.1"
    case .unknownStatus: "the response's status is none of 100 to 599"
    case .malformedField: "a field line of the response is malformed"
    case .tooManyFields: "the response has more fields than [limits] fields allows"
    case .headTooLarge: "the response head is longer than 65,535 bytes"
    case .connectionTooLong: "the response's Connection field is too long"
    case .conflictingFraming: "the response's length is given in two ways"
    case .malformedLength: "the response's Content-Length is malformed"
    case .malformedTransferCoding, .unknownTransferCoding:
      "the response's Transfer-Encoding is not chunked alone"
    default: detail
    }
  }
}
