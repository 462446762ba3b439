// What a request costs lbd in instructions of its own, which no noise of a machine changes. Needs
// Debian's valgrind; `make test-cost` runs it.

import Foundation
import Glibc
import TestSupport
import Testing

/// A kind of request and what one of it may cost. When a change makes it cost less, the figure here
/// follows, so that what was won is kept.
struct PricedRequest: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  /// Instructions for the request and its response, by callgrind.
  let instructions: Int

  var testDescription: String { name }

  static let all = [
    PricedRequest(
      name: "a small GET", text: "GET /getInfo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
      instructions: 9_734),
    PricedRequest(
      name: "a browser's GET",
      text: "GET /getInfo?page=2 HTTP/1.1\r\nHost: app.example.org\r\n"
        + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        + "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
        + "Connection: keep-alive\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n"
        + "Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\n"
        + "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nPriority: u=0, i\r\n\r\n",
      instructions: 15_763),
    PricedRequest(
      name: "a POST in chunks",
      text: "POST /getInfo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
      instructions: 11_465),
  ]
}

@Suite(.serialized, .waitingFirst) struct CostInstructionTests {
  /// How far a figure may be off. Runs scatter by less than a thousandth; compilers differ.
  private static let slack = 0.02

  @Test(arguments: PricedRequest.all)
  func `a request costs the instructions that it should, give or take a fiftieth`(
    _ request: PricedRequest
  ) throws {
    let (few, many) = (200, 1700)
    let instructions = try (total(many, request.text) - total(few, request.text)) / (many - few)
    let difference = Double(instructions) / Double(request.instructions) - 1
    #expect(
      abs(difference) <= Self.slack,
      "\(request.name) costs \(instructions) instructions, not \(request.instructions)")
  }

  /// The instructions of a worker's whole life in which it serves so many requests. What other threads do
  /// meanwhile depends on time.
  private func total(_ count: Int, _ request: String) throws -> Int {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, lbd: "workers = 1", health: Stage.noProbes)
    let profile = stage.directory + "/callgrind"
    try stage.start(
      by: "exec valgrind --tool=callgrind --toggle-collect='*WorkerV3run*' "
        + "--callgrind-out-file='\(profile)' \"$0\" \"$@\"")
    let connection = try stage.connect()
    for _ in 0..<count {
      try connection.send(request)
      #expect(try connection.answer().status == 200)
    }
    stage.lbd?.signal(SIGTERM)
    _ = try stage.lbd?.exitStatus(within: 30)
    let text = try String(contentsOfFile: profile, encoding: .utf8)
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("summary: ") }),
      let sum = Int(line.dropFirst("summary: ".count))
    else { throw TestFailure("callgrind gives no sum: \(text.prefix(200))") }
    return sum
  }
}
