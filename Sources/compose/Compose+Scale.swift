// `scale`: more or fewer local replicas in the running pool, while it serves.

import Configuration
import ControlProtocol
import LinuxIO

extension Compose {
  /// How long a replica that left the pool may have requests in flight: as long as lbd drains.
  private static let drainSeconds = 35

  func scale(to wanted: Int) throws(Failure) {
    let conf = try requireRunning()
    try requireDemo(conf)
    var count = try members(conf).count
    while count < wanted {
      try grow(conf)
      count += 1
    }
    while count > wanted {
      try shrink(conf)
      count -= 1
    }
    try pool(conf).show()
  }

  private func members(_ conf: Conf) throws(Failure) -> [LocalReplica] {
    guard let report = try pool(conf).report() else {
      throw Failure(
        "\(run.logEnd(Compose.lbd))compose: lbd does not answer at \(conf.configuration.control); "
          + "see make logs")
    }
    return report.localReplicas(home: conf.home)
  }

  /// One replica more. It serves before the next one is started.
  private func grow(_ conf: Conf) throws(Failure) {
    let replica = try nextReplica(conf)
    try start([replica], conf)
    try join(replica, conf)
  }

  /// One of the conf that scale had taken out, else one on the free port behind the highest.
  private func nextReplica(_ conf: Conf) throws(Failure) -> LocalReplica {
    let members = try members(conf)
    let absent = conf.replicas.first { replica in
      !members.contains(replica)
        && (supervisor.pid(of: replica.name(home: conf.home)) != nil
          || Ports.obstacle(replica.host, replica.port) == nil)
    }
    if let absent { return absent }
    let highest = (conf.replicas + members + ownReplicas(conf)).map(\.port).max() ?? conf.mainPort
    var port = highest
    while port < UInt16.max {
      port += 1
      if port != conf.mainPort && Ports.obstacle(conf.home, port) == nil {
        return LocalReplica(host: conf.home, port: port)
      }
    }
    throw Failure("compose: no port behind \(highest) is free; stop what listens there")
  }

  /// The pool's last local replica less: lbd sends it nothing more, and it stops when what was in
  /// flight has ended.
  private func shrink(_ conf: Conf) throws(Failure) {
    guard let replica = try members(conf).last else { return }
    try pool(conf).remove(replica)
    _ = Deadline(seconds: Compose.drainSeconds).wait { Ports.connections(to: replica.port) == 0 }
    try supervisor.end([replica.name(home: conf.home)])
  }
}
