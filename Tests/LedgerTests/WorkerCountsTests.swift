// Who serves the next connection, and that none is on its way to a worker that has gone.

import Testing

@testable import Ledger

struct WorkerCountsTests {
  private func counts(_ clients: [Int]) -> WorkerCounts {
    let counts = WorkerCounts(workers: clients.count)
    for (worker, count) in clients.enumerated() { counts.add(.clients, worker, by: count) }
    return counts
  }

  @Test func `each counter has a cell of its own, each writer cache lines of its own`() {
    var cells: Set<Int> = []
    var writers: [Int: String] = [:]
    func take(_ cell: Int, _ writer: String) {
      #expect(cells.insert(cell).inserted, "cell \(cell) of \(writer)")
      #expect((writers.updateValue(writer, forKey: cell / 16) ?? writer) == writer)
    }
    for worker in 0..<3 {
      for counter in WorkerCounts.Counter.allCases {
        take(WorkerCounts.cell(counter, of: worker), "worker \(worker)")
      }
      for counter in WorkerCounts.SharedCounter.allCases {
        take(WorkerCounts.cell(counter, of: worker), "others, for worker \(worker)")
      }
    }
  }

  @Test func `a worker keeps what it accepts as long as others have about as many`() {
    #expect(counts([0]).lighter(than: 0, limit: 100) == nil)
    #expect(counts([0, 0]).lighter(than: 0, limit: 100) == nil)
    #expect(counts([3, 4, 3]).lighter(than: 0, limit: 100) == nil)
    #expect(counts([34, 32]).lighter(than: 0, limit: 100) == nil)
  }

  @Test func `a worker that has notably more hands it to the one that has fewest`() {
    #expect(counts([1, 0]).lighter(than: 0, limit: 100) == 1)
    #expect(counts([35, 32]).lighter(than: 0, limit: 100) == 1)
    #expect(counts([5, 9, 4, 6]).lighter(than: 1, limit: 100) == 2)
    #expect(counts([5, 9, 4, 6]).lighter(than: 1, limit: 4) == nil)
  }

  @Test(arguments: [2, 3, 4, 8, 16], [64, 512])
  func `whoever is woken, the busiest holds at most a fifth more than the mean`(
    _ workers: Int, _ connections: Int
  ) {
    let counts = WorkerCounts(workers: workers)
    for _ in 0..<connections {
      // The kernel wakes the first one always.
      counts.add(.clients, counts.lighter(than: 0, limit: 1000) ?? 0)
    }
    let most = (0..<workers).map { counts.value(.clients, $0) }.max() ?? 0
    #expect(Double(most) <= 1.2 * Double(connections) / Double(workers) + 0.01)
  }

  @Test func `connections on their way count, and keep a worker from closing`() {
    let counts = counts([1, 0])
    #expect(counts.hand(to: 1))
    #expect(counts.load(1) == 1)
    #expect(!counts.close(1))
    counts.add(.taken, 1)
    counts.add(.clients, 1)
    #expect(counts.load(1) == 1)
    #expect(counts.close(1))
    #expect(!counts.hand(to: 1))
  }
}
