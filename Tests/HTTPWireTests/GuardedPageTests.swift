// Inputs that end where memory does: a read behind them would end the process, as a fault in
// production would.

import Glibc
import HTTPWire
import Testing

/// A page next to one that nobody may touch.
@safe
private struct GuardedPage: ~Copyable {
  private let base: UnsafeMutableRawPointer
  private static var page: Int { 4096 }

  init() throws {
    let mapped = unsafe mmap(
      nil, 2 * GuardedPage.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    unsafe base = try #require(unsafe mapped)
    unsafe mprotect(base + GuardedPage.page, GuardedPage.page, PROT_NONE)
  }

  deinit {
    unsafe munmap(base, 2 * GuardedPage.page)
  }

  /// Puts the bytes so that they end at the page's end, and runs `body` on them there.
  mutating func place<Value>(
    _ bytes: some Collection<UInt8>, _ body: (inout MutableSpan<UInt8>) -> Value
  ) -> Value {
    let start = unsafe (base + GuardedPage.page - bytes.count).assumingMemoryBound(to: UInt8.self)
    let placed = unsafe UnsafeMutableBufferPointer(start: start, count: bytes.count)
    _ = unsafe placed.update(fromContentsOf: bytes)
    var span = unsafe MutableSpan(_unsafeElements: placed)
    return body(&span)
  }
}

struct GuardedPageTests {
  @Test func `no prefix of a request head makes the parser read behind it`() throws {
    var page = try GuardedPage()
    for text in HeadSamples.requests + HeadSamples.refusedRequests.map(\.0) {
      let bytes = Array(text.utf8)
      var head = RequestHead()
      var framing = RequestFraming()
      for count in 0...bytes.count {
        page.place(bytes.prefix(count)) { span in
          _ = HeadParser.mayEnd(span.span, from: 0)
          if case .complete = HeadParser.parse(request: span.span, into: &head) {
            _ = Framing.examine(head, span.span, into: &framing)
          }
        }
      }
    }
  }

  @Test func `no prefix of a response head makes the parser read behind it`() throws {
    var page = try GuardedPage()
    for text in HeadSamples.responses + HeadSamples.refusedResponses {
      let bytes = Array(text.utf8)
      var head = ResponseHead()
      for count in 0...bytes.count {
        page.place(bytes.prefix(count)) { span in
          _ = HeadParser.parse(response: span.span, into: &head)
        }
      }
    }
  }

  @Test func `no batch of a chunked body makes the scanner touch what is behind it`() throws {
    var page = try GuardedPage()
    for text in ChunkedScannerTests.complete.map(\.body) + ChunkedScannerTests.malformed {
      let bytes = Array(text.utf8)
      for count in 0...bytes.count {
        page.place(bytes.prefix(count)) { span in
          var scanner = ChunkedScanner(keepsFraming: true, keepsTrailers: true)
          _ = scanner.scan(&span)
        }
      }
    }
  }

  @Test func `bytes are appended from the very end of memory`() throws {
    var page = try GuardedPage()
    var writer = ByteWriter(capacity: 16)
    page.place(Array("0123456789".utf8)) { span in writer.append(span.span) }
    let text = Wire.text(writer)
    #expect(text == "0123456789")
  }
}
