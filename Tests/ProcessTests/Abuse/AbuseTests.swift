// An hour's worth of abuse in minutes, which is why it has a goal of its own: `make test-abuse`.

import Foundation
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct AbuseTests {
  @Test(arguments: ["", "0", "4", "241", "+60", "60s", " 60", "1e2", "6_0", "９９"])
  func `a length that is none is refused`(_ text: String) {
    #expect(throws: TestFailure.self) { try AbuseTrial.seconds(text) }
  }

  @Test func `a length is a number of seconds and has a default`() throws {
    #expect(try AbuseTrial.seconds("5") == 5 && AbuseTrial.seconds("240") == 240)
    #expect(try AbuseTrial.seconds(nil) == 240)
  }

  @Test(.timeLimit(.minutes(5)))
  func `mixed abuse harms no neighbour, and lbd is afterwards as it was before`() throws {
    let seconds = try AbuseTrial.seconds(ProcessInfo.processInfo.environment["ABUSE_SECONDS"])
    let seed = UInt64.random(in: .min ... .max)
    do {
      try AbuseTrial(seed: seed, seconds: seconds).run()
    } catch {
      throw TestFailure("with the seed \(seed): \(error)")
    }
  }
}
