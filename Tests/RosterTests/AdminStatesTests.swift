// The orders in force as a text, and which texts are believed.

import ControlProtocol
import Testing

@testable import Roster

@Suite struct AdminStatesTests {
  private func read(_ text: String) -> AdminStates? {
    try? AdminStates(reading: Array(text.utf8))
  }

  @Test func `orders read back the same`() throws {
    var orders = AdminStates()
    #expect(read(orders.text) == orders)
    orders["8081"].order = .drain
    orders["8082"].weight = 50
    orders["a.b_c-d"] = AdminState(order: .maint, weight: 256)
    #expect(
      orders.text
        == "lbd-state 1\norder 8081 drain\nweight 8082 50\norder a.b_c-d maint\n"
        + "weight a.b_c-d 256\nend\n")
    #expect(read(orders.text) == orders)
  }

  @Test func `what is ordered back leaves no line, and neither does what was only added`() {
    var orders = AdminStates()
    orders["8081"].order = .drain
    orders["8081"].order = .ready
    orders["127.0.0.1:9000"].order = .drain
    #expect(orders.text == "lbd-state 1\nend\n")
  }

  @Test(arguments: [
    "", "\n", "end\n", "lbd-state 1", "lbd-state 1\n", "lbd-state 1\nend", "lbd-state 2\nend\n",
    "lbd-state 1\norder 8081 drain\n", "lbd-state 1\norder 8081 ready\nend\n",
    "lbd-state 1\norder 8081 drain\norder 8081 drain\nend\n", "lbd-state 1\n\nend\n",
    "lbd-state 1\nweight 8081 0\nend\n", "lbd-state 1\nweight 8081 257\nend\n",
    "lbd-state 1\nweight 8081 9999999999999999999999\nend\n", "lbd-state 1\nweight 8081 5\nend\nx",
    "lbd-state 1\norder ../x drain\nend\n", "lbd-state 1\norder 8081 drain x\nend\n",
    "lbd-state 1\nend\nend\n", "lbd-state 1\nnonsense\nend\n",
  ])
  func `anything else is refused as a whole`(_ text: String) {
    #expect(read(text) == nil)
  }

  @Test func `noise and cut texts end nothing`() {
    var orders = AdminStates()
    for index in 0..<200 { orders["r\(index)"].weight = index + 1 }
    let whole = Array(orders.text.utf8)
    for count in 0..<whole.count {
      #expect((try? AdminStates(reading: Array(whole[..<count]))) == nil)
    }
    var noise = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &noise)] = .random(in: 0...255, using: &noise)
      _ = try? AdminStates(reading: bytes)
    }
    let tooLong = Array(repeating: UInt8(0x0A), count: AdminStates.limit + 1)
    #expect((try? AdminStates(reading: tooLong)) == nil)
  }

  @Test func `the file is in systemd's directory, else beside the control socket`() {
    func path(_ environment: [String: String], _ control: String) -> String {
      StateFile(environment: environment, control: control).path
    }
    #expect(path(["STATE_DIRECTORY": "/var/lib/lbd"], "/run/lbd/lbd.sock") == "/var/lib/lbd/state")
    #expect(path(["STATE_DIRECTORY": "/a:/b"], "x") == "/a/state")
    #expect(path([:], "run/lbd.sock") == "run/lbd.state")
    #expect(path([:], "/tmp/control") == "/tmp/control.state")
  }
}
