// Single replicas: `start-replica` and `stop-replica`, and the steps that `up` and `scale` are made of.

import Configuration
import ControlProtocol
import LinuxIO

extension Compose {
  func stopReplica(_ port: UInt16) throws(Failure) {
    // Names end with the port, whatever the host is.
    let name = run.names.first { LocalReplica(name: $0, home: "")?.port == port }
    guard let name else {
      throw Failure("compose: no replica runs on port \(port); see make ps")
    }
    try supervisor.end([name])
  }

  func startReplica(_ port: UInt16) throws(Failure) {
    let conf = try conf()
    try requireDemo(conf)
    let pool = pool(conf)
    let members = isLbdRunning ? try pool.report()?.localReplicas(home: conf.home) ?? [] : []
    let replica =
      (conf.replicas + members).first { $0.port == port }
      ?? LocalReplica(host: conf.home, port: port)
    try start([replica], conf)
    guard isLbdRunning else { return }
    if members.contains(replica) {
      try awaitUp(replica, conf)
    } else {
      try Output.write("it is not in the pool: lbctl add \(replica.address) adds it")
    }
  }

  // MARK: Steps

  /// Starts those that do not run and waits until each listens.
  func start(_ replicas: [LocalReplica], _ conf: Conf) throws(Failure) {
    let absent = replicas.filter { supervisor.pid(of: $0.name(home: conf.home)) == nil }
    for replica in absent {
      let program = try supervisor.program(
        "replicad", ["--host", replica.host, "--port", "\(replica.port)"])
      try supervisor.launch(replica.name(home: conf.home), program)
    }
    for replica in absent { try awaitListening(replica, conf) }
  }

  private func awaitListening(_ replica: LocalReplica, _ conf: Conf) throws(Failure) {
    let name = replica.name(home: conf.home)
    let listens = try Deadline(seconds: options.wait).wait { () throws(Failure) in
      let answers = Ports.isAnswering(replica.host, replica.port)
      // Asked second: where another process has the port, ours has ended by the time it answers.
      if supervisor.pid(of: name) != nil { return answers }
      run.forget(name)
      throw Failure(
        "\(run.logEnd(name))compose: replicad did not start on \(replica.address); its log says why"
      )
    }
    guard listens else {
      throw Failure(
        "\(run.logEnd(name))compose: replicad does not listen on \(replica.address) after "
          + "\(options.wait) s; see make logs")
    }
  }

  /// Into the running pool, until it gets requests.
  func join(_ replica: LocalReplica, _ conf: Conf) throws(Failure) {
    try pool(conf).add(replica)
    try awaitUp(replica, conf)
  }

  private func awaitUp(_ replica: LocalReplica, _ conf: Conf) throws(Failure) {
    let pool = pool(conf)
    var state = "not in the pool"
    let isUp = try Deadline(seconds: options.wait).wait { () throws(Failure) in
      let found = try pool.report()?.replica(at: replica.address)?.state
      state = found?.rawValue ?? state
      return found?.isServing ?? false
    }
    guard isUp else {
      throw Failure(
        "compose: \(replica.address) is \(state) after \(options.wait) s; see make logs")
    }
  }
}
