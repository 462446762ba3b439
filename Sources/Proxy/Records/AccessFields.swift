// The members of the access log's line that describe the request, taken while its head lies in the
// client's buffer.

import HTTPWire
import LinuxIO

extension Client {
  /// Writes the client and its request, from a head that was parsed.
  func describe(_ head: borrowing RequestHead, to line: inout LineTable) {
    let bytes = input.buffer.bytes
    line.append(address.bytes)
    line.append("\"")
    // A method's name is a token: it needs no escape.
    line.append(#","method":""#)
    if head.methodRange.count <= AccessRecorder.Limit.method {
      line.append(bytes.extracting(head.methodRange))
      line.append(#"","target":""#)
    } else {
      line.append(bytes.extracting(head.methodRange).extracting(first: AccessRecorder.Limit.method))
      line.append(#"","method_cut":true,"target":""#)
    }
    line.value(bytes.extracting(head.targetRange), .target)
    line.append(
      head.isVersion10 ? #","protocol":"HTTP/1.0""# : #","protocol":"HTTP/1.1""#)
    var (host, agent) = (head.authorityRange, 0..<0)
    for index in 0..<head.fields.count {
      let field = head.fields[index]
      if field.name == .host {
        if host.isEmpty { host = field.valueRange }
      } else if field.name == .other && field.nameRange.count == 10 && agent.isEmpty
        && Client.isUserAgent(bytes.extracting(field.nameRange))
      {
        agent = field.valueRange
      }
    }
    if !host.isEmpty { line.member(#","host":""#, bytes.extracting(host), .host) }
    if !agent.isEmpty { line.member(#","user_agent":""#, bytes.extracting(agent), .userAgent) }
  }

  /// Whether a name of ten bytes is this one, in any case.
  @inline(__always)
  private static func isUserAgent(_ name: Span<UInt8>) -> Bool {
    guard name.count == 10, name[9] | 0x20 == 0x74, name[8] | 0x20 == 0x6E else { return false }
    var word: UInt64 = 0
    for index in 0..<8 { word = word << 8 | UInt64(name[index]) }
    return name[4] == 0x2D && word | 0x2020_2020_2020_2020 == 0x7573_6572_2D61_6765
  }

  /// Writes the client, and the words of the first line, of a request that was refused before its head
  /// was parsed.
  func describeUnparsed(to line: inout LineTable) {
    line.append(address.bytes)
    line.append("\"")
    // A PROXY header is no request.
    guard !mayNameClient else { return }
    let bytes = input.buffer.bytes
    var start = 0
    while start < bytes.count && (bytes[start] == ByteClass.cr || bytes[start] == ByteClass.lf) {
      start += 1
    }
    let method = Client.word(bytes, from: start)
    guard !method.isEmpty, method.upperBound < bytes.count,
      bytes[method.upperBound] == ByteClass.space,
      method.allSatisfy({ ByteClass.isToken(bytes[$0]) })
    else { return }
    line.member(#","method":""#, bytes.extracting(method), .method)
    let target = Client.word(bytes, from: method.upperBound + 1)
    if !target.isEmpty { line.member(#","target":""#, bytes.extracting(target), .target) }
    guard target.upperBound < bytes.count else { return }
    let version = Client.word(bytes, from: target.upperBound + 1)
    guard version.count == 8 else { return }
    line.member(#","protocol":""#, bytes.extracting(version), .version)
  }

  /// The bytes up to a space or the line's end.
  private static func word(_ bytes: Span<UInt8>, from start: Int) -> Range<Int> {
    let start = min(start, bytes.count)
    var end = start
    while end < bytes.count && bytes[end] != ByteClass.space && bytes[end] != ByteClass.cr
      && bytes[end] != ByteClass.lf
    {
      end += 1
    }
    return start..<end
  }

  /// Writes the id that the replica gets: a trusted proxy's, or the one that lbd drew.
  func describeID(
    _ drawn: (UInt64, UInt64), of head: borrowing RequestHead, to line: inout LineTable
  ) {
    let bytes = input.buffer.bytes
    let given = isTrusted ? HeadWriter.givenRequestID(head, bytes) : 0..<0
    line.append(#","request_id":""#)
    if given.isEmpty {
      line.append(hex: drawn.0)
      line.append(hex: drawn.1)
    } else {
      _ = line.append(json: bytes.extracting(given), atMost: AccessRecorder.Limit.requestID)
    }
    line.append("\"")
  }
}

extension LineTable {
  /// A text of the client's, and what is said when it was cut.
  fileprivate enum Member {
    case method, target, version, host, userAgent

    @inline(__always)
    var limit: Int {
      switch self {
      case .method, .version: AccessRecorder.Limit.method
      case .target: AccessRecorder.Limit.target
      case .host: AccessRecorder.Limit.host
      case .userAgent: AccessRecorder.Limit.userAgent
      }
    }

    var cut: StaticString {
      switch self {
      case .method: #","method_cut":true"#
      case .target: #","target_cut":true"#
      case .host: #","host_cut":true"#
      case .userAgent: #","user_agent_cut":true"#
      case .version: ""
      }
    }
  }

  /// Writes a member whose value is a text of the client's.
  @inline(__always)
  fileprivate mutating func member(
    _ name: StaticString, _ value: Span<UInt8>, _ member: Member
  ) {
    append(name)
    self.value(value, member)
  }

  @inline(__always)
  fileprivate mutating func value(_ value: Span<UInt8>, _ member: Member) {
    let isWhole = append(json: value, atMost: member.limit)
    append("\"")
    if !isWhole { append(member.cut) }
  }
}
