// What a path may ask for, and no more.

import Testing

@testable import replicad

@Suite struct RouteTests {
  @Test(arguments: [
    ("/bytes/0", Route.bytes(0)), ("/bytes/1073741824", .bytes(1 << 30)),
    ("/delay/10m", .delay(600_000)), ("/delay/600000ms", .delay(600_000)),
    ("/status/200", .status(200)), ("/status/599", .status(599)),
    ("/stream?chunks=100000", .stream(chunks: 100_000, interval: 0)),
    ("/stream?chunks=6001&interval=100ms", .stream(chunks: 6001, interval: 100)),
    ("/stream?chunks=1&interval=24h", .stream(chunks: 1, interval: 86_400_000)),
    ("/stream?chunks=0&interval=24h", .stream(chunks: 0, interval: 86_400_000)),
  ])
  func `a path asks for as much as it may`(_ path: String, _ route: Route) {
    #expect(Route(Array(path.utf8)) == route)
  }

  @Test(arguments: [
    ("/bytes/1073741825", Usage.bytes), ("/bytes/999999999999999999", .bytes),
    ("/bytes/9999999999999999999999", .bytes), ("/bytes/-1", .bytes), ("/bytes/", .bytes),
    ("/bytes/1e9", .bytes), ("/delay/601s", .delay), ("/delay/11m", .delay),
    ("/delay/600001ms", .delay), ("/delay/1h", .delay), ("/delay/5", .delay),
    ("/delay/999999999999999999h", .delay), ("/status/199", .status), ("/status/600", .status),
    ("/status/100", .status), ("/status/99999999999999999999", .status), ("/status/x", .status),
    ("/stream?chunks=100001", .stream), ("/stream?chunks=999999999999999999&interval=24h", .stream),
    ("/stream?chunks=6002&interval=100ms", .stream), ("/stream?chunks=2&interval=11m", .stream),
    ("/stream?interval=24h", .stream), ("/stream?chunks=-1", .stream),
  ])
  func `a path that asks for more is misused`(_ path: String, _ usage: Usage) {
    #expect(Route(Array(path.utf8)) == .misused(usage))
  }
}
