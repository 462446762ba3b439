// Connections that last are shared evenly over the workers, and none is lost on its way.

import Glibc
import Testing

@Suite(.waiting) struct WorkerBalanceTests {
  @Test(arguments: [(2, 64), (4, 64), (4, 512)])
  func `the busiest worker holds at most a fifth more connections that last than the mean`(
    _ workers: Int, _ connections: Int
  ) throws {
    let stage = try Stage(replicas: 1, lbd: "workers = \(workers)")
    var clients: [Connection] = []
    for _ in 0..<connections {
      let client = try stage.connect()
      #expect(try client.get("/getInfo").status == 200)
      clients.append(client)
    }
    for client in clients { #expect(try client.get("/getInfo").status == 200) }
    var counts: [Double] = []
    try stage.awaitMetrics("these clients and no others are connected") {
      counts = try $0.family("lbd_worker_client_connections").samples.map(\.value)
      return counts.reduce(0, +) == Double(connections)
    }
    #expect(counts.count == workers)
    let mean = Double(connections) / Double(workers)
    #expect((counts.max() ?? 0) <= 1.2 * mean, "\(counts)")
  }

  @Test func `connections that are handed over while lbd stops are served or never accepted`()
    throws
  {
    let stage = try Stage(replicas: 1, lbd: "workers = 4")
    var clients: [Connection] = []
    for _ in 0..<40 {
      let client = try stage.connect()
      try client.send("GET /getInfo HTTP/1.1\r\nHost: a\r\n\r\n")
      clients.append(client)
    }
    stage.lbd?.signal(SIGTERM)
    for client in clients { #expect(try client.answer().status == 200) }
    #expect(try stage.lbd?.exitStatus() == 0)
  }
}
