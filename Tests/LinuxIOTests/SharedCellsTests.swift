// The cells that threads share, and the bells they ring.

import LinuxIO
import Testing

struct SharedCellsTests {
  @Test func `cells start at zero and keep what is stored apart`() {
    let cells = SharedCells(count: 600)
    cells.store(0, 1)
    cells.store(599, 2)
    #expect((1..<599).filter { cells.load($0) != 0 }.isEmpty)
    #expect(cells.load(0) == 1 && cells.load(599) == 2)
  }

  @Test func `adding tells the value from before`() {
    let cells = SharedCells(count: 1)
    #expect(cells.add(0, 5) == 0)
    #expect(cells.add(0, -2) == 5)
    #expect(cells.load(0) == 3)
    cells.bump(0)
    cells.bump(0, by: 6)
    #expect(cells.peek(0) == 10)
  }

  @Test func `an exchange happens from the expected value only`() {
    let cells = SharedCells(count: 1)
    #expect(cells.exchange(0, from: 0, to: 7))
    #expect(!cells.exchange(0, from: 0, to: 8))
    #expect(cells.load(0) == 7)
  }

  @Test func `no addition of several threads is lost`() throws {
    let cells = SharedCells(count: 1)
    let threads = try (0..<4).map { _ in
      try Thread.start("adder") {
        for _ in 0..<10_000 { cells.add(0, 1) }
      }
    }
    for thread in threads { thread.join() }
    #expect(cells.load(0) == 40_000)
  }
}

struct WaitingTests {
  @Test func `a wait ends with what was awaited, with the bell, or with its time`() throws {
    let awaited = try WakeUp()
    let bell = try WakeUp()
    let nothing = awaited.descriptor.wait(until: .readable, or: bell, milliseconds: 1)
    #expect(nothing == .timedOut)
    bell.ring()
    let rung = [
      awaited.descriptor.wait(until: .readable, or: bell, milliseconds: -1),
      awaited.descriptor.wait(until: .readable, or: bell, milliseconds: -1),
    ]
    #expect(rung == [.rung, .rung])
    awaited.ring()
    let ready = awaited.descriptor.wait(until: .readable, or: bell, milliseconds: -1)
    #expect(ready == .ready)
    awaited.clear()
    bell.clear()
    let cleared = awaited.descriptor.wait(until: .readable, or: bell, milliseconds: 0)
    #expect(cleared == .timedOut)
  }

  @Test func `a wait takes as long as it says`() throws {
    let awaited = try WakeUp()
    let start = Clock.now()
    _ = awaited.descriptor.wait(until: .readable, milliseconds: 30)
    #expect(Clock.now() - start >= 29_000_000)
  }
}
