// What a request costs.

import Testing

@Suite(.waiting) struct AllocationTests {
  /// The probe runs a worker, replicas and a client, and counts what the worker's thread allocates.
  @Test func `a proxied request allocates nothing`() throws {
    let outcome = try Child.run("allocation-probe", [], within: 60)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("GET: 0 allocations in 5000 requests"))
    #expect(outcome.output.contains("GET with the access log: 0 allocations in 5000 requests"))
  }
}
