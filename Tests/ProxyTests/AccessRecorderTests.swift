// What the access log keeps of replicas.

import LinuxIO
import Plan
import TestSupport
import Testing

@testable import Proxy

@Suite struct AccessRecorderTests {
  @Test func `a replica in the last slot has a name in the log`() {
    var recorder = AccessRecorder(ring: LogRing(), exchanges: 4)
    let replicas = [1, Numbering.slots - 1].map {
      Replica(slot: $0, name: "replica \($0)", address: nil, weight: 1)
    }
    recorder.adopt(.ofTests(recordsAccess: true), replicas)
  }
}
