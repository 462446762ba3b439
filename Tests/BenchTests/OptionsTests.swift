// The command line, and the answers that bench itself reads.

import Testing

@testable import bench

struct OptionsTests {
  @Test func `without arguments the standard scenarios are measured`() throws {
    let options = try #require(try Options.parse([]))
    #expect(options.scenarios == Scenario.standard)
    #expect(options.rounds == 5 && options.seconds == 2)
    #expect(options.out == "bench")
  }

  @Test func `each option is taken`() throws {
    let options = try #require(
      try Options.parse([
        "--rounds", "2", "--seconds", "9", "--balancers", "relay,lbd", "--scenarios", "idle,get-64",
        "--out", "/tmp/x", "--confs", "c", "--lbd-before", "old/lbd",
      ]))
    var wanted = Options()
    (wanted.rounds, wanted.seconds, wanted.out, wanted.confs) = (2, 9, "/tmp/x", "c")
    (wanted.balancers, wanted.scenarios) = ([.relay, .lbd], [.idle, .get64])
    wanted.lbdBefore = "old/lbd"
    #expect(options == wanted)
  }

  @Test(arguments: [
    ["--fast"], ["get-64"], ["--rounds"], ["--rounds", "0"], ["--rounds", "x"],
    ["--seconds", "1001"], ["--balancers", "envoy"], ["--scenarios", "get-63"], ["--out", ""],
    ["--balancers", "lbd-before"],
  ])
  func `what cannot be meant ends with usage`(_ arguments: [String]) {
    let failure = #expect(throws: Failure.self) { try Options.parse(arguments) }
    #expect(failure?.code == .usage)
    #expect(failure?.message.contains("usage: bench") == true)
  }

  @Test func `help is help`() throws {
    #expect(try Options.parse(["--rounds", "2", "--help"]) == nil)
    for scenario in Scenario.allCases { #expect(Options.usage.contains(scenario.rawValue)) }
  }

  @Test func `an answer's head is read when it is whole`() {
    let text = "HTTP/1.1 200 OK\r\ncontent-Length: 42\r\nA: b\r\n\r\n123"
    #expect(Visitor.Answer(Array(text.utf8.dropLast(5))) == nil)
    let answer = Visitor.Answer(Array(text.utf8))
    #expect(answer?.status == 200)
    #expect(answer?.length == 42)
    #expect(answer?.received == 3)
    #expect(Visitor.Answer(Array("nonsense\r\n\r\n".utf8)) == nil)
  }
}
