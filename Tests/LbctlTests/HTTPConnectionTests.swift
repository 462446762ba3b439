// That whatever a server sends comes to an answer or an error, in time.

import HTTPWire
import LinuxIO
import Testing

@testable import lbctl

@Suite(.timeLimit(.minutes(1)))
struct HTTPConnectionTests {
  private func exchange(
    _ reply: FakeServer.Reply, limit: Int = 1000, milliseconds: Int = 5000
  ) throws -> Result<String, ExchangeError> {
    let server = try FakeServer.tcp { _ in reply }.server
    defer { server.stop() }
    let deadline = Deadline(milliseconds: milliseconds)
    do throws(ExchangeError) {
      var connection = try HTTPConnection(server.address, deadline)
      let answer = try connection.exchange(
        Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), .get, limit: limit, deadline)
      let reusable = connection.isReusable ? " reusable" : ""
      let body = String(decoding: answer.body, as: UTF8.self)
      return .success("\(answer.status) \(answer.replica ?? "-") \(body)\(reusable)")
    } catch {
      return .failure(error)
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 - hi reusable"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", "200 - hi"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi more", "200 - hi"),
    ("HTTP/1.1 204 OK\r\nx-LBD-replica: 8081\r\n\r\n", "204 8081  reusable"),
    ("HTTP/1.1 204 OK\r\nX-Lbd-Replica: a\r\nX-Lbd-Replica: b\r\n\r\n", "204 -  reusable"),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 -  reusable"
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
      "200 - hi! reusable"
    ),
    ("HTTP/1.0 503 No\r\n\r\nall of it", "503 - all of it"),
  ])
  func `answers are read`(_ text: String, _ expected: String) throws {
    #expect(try exchange(.sendAndClose(text)) == .success(expected))
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", ExchangeError.cut),
    ("HTTP/1.1 200 OK\r\nContent-Le", .cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", .cut),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", .malformed),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", .cut),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", .malformed),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", .malformed),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx", .malformed),
    ("HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\nx", .tooLarge),
    ("HTTP/9.9 200 OK\r\n\r\n", .malformed),
    ("SSH-2.0-x\r\n\r\n", .malformed),
    ("\u{0}\u{0}\r\n\r\n", .malformed),
    ("", .endedUnanswered),
  ])
  func `broken answers are errors`(_ text: String, _ error: ExchangeError) throws {
    #expect(try exchange(.sendAndClose(text)) == .failure(error))
  }

  @Test func `sizes are bounded`() throws {
    let long = String(repeating: "x", count: 2000)
    let chunk = "7d0\r\n\(long)\r\n0\r\n\r\n"
    for text in [
      "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n\(long)", "HTTP/1.0 200 OK\r\n\r\n\(long)",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)",
    ] {
      #expect(try exchange(.sendAndClose(text)) == .failure(.tooLarge))
    }
    let endless = String(repeating: "a: b\r\n", count: 20_000)
    let result = try exchange(.sendAndClose("HTTP/1.1 200 OK\r\n\(endless)"))
    #expect(result == .failure(.tooLarge))
  }

  @Test func `time is bounded`() throws {
    #expect(try exchange(.silence, milliseconds: 100) == .failure(.timedOut))
  }

  @Test func `cut and changed answers never trap`() throws {
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    for (index, character) in text.enumerated() where index % 3 == 0 {
      _ = try exchange(.sendAndClose(String(text.prefix(index))))
      _ = try exchange(.sendAndClose(text.replacing("\(character)", with: "\u{7F}")))
    }
  }

  @Test func `nobody there is a refusal`() throws {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 18299))
    #expect(throws: ExchangeError.noConnection(111)) {
      _ = try HTTPConnection(address, Deadline(milliseconds: 1000)).isReusable
    }
  }
}
