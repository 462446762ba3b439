/// What no single value can tell: that there are replicas, that each is one, none is lbd itself (see
/// `Listeners`), and a probe can pass.
///
/// Runs once behind the binder and fills `replicas`. A check is left out where a value that it needs
/// was refused, so that one mistake is one error.

extension Binder {
  static let replicaLimit = 1024

  mutating func validate(file: String) {
    let lbd = sections["[lbd]"]
    let failed = lbd?.failed ?? []
    let named = failed.contains("host") ? [] : configuration.ports.map(replica)
    let whole = replicas.filter {
      $0.section.settings["address"] != nil && !$0.section.failed.contains("address")
    }
    checkNames(lbd)
    checkCount(named.count + replicas.count, lbd, file: file)
    checkAddresses(named, whole)
    checkProbe()
    checkProxyHeaders()
    checkListeners()
    checkLoop(named, lbd?.settings["ports"]?.valueLocation, whole)
    configuration.replicas = named + replicas.map(\.replica)
  }

  /// A replica of `ports` is where lbd is.
  private func replica(_ port: UInt16) -> ReplicaConfiguration {
    ReplicaConfiguration(name: "\(port)", address: .host(configuration.localHost, port: port))
  }

  private mutating func checkCount(_ count: Int, _ lbd: BoundSection?, file: String) {
    if count > Binder.replicaLimit, let location = lbd?.location ?? replicas.last?.section.location
    {
      diagnostics.add(location, "\(count) replicas, name at most \(Binder.replicaLimit)")
    }
    let failed = lbd?.failed ?? []
    guard count == 0, !hasGaps, !failed.contains("host"), !failed.contains("ports") else { return }
    let message =
      "no replica, add ports = 8081, 8082 to [lbd] or a section [replica NAME] with an address"
    if let lbd {
      diagnostics.add(lbd.location, message)
    } else {
      diagnostics.add(file: file, message)
    }
  }

  private mutating func checkNames(_ lbd: BoundSection?) {
    let ports = Set(configuration.ports.map { "\($0)" })
    for bound in replicas where ports.contains(bound.replica.name) {
      let first = lbd?.settings["ports"]?.location.fileAndLine ?? "ports"
      let name = bound.replica.name
      diagnostics.add(
        bound.section.location,
        "replica \(quoted(name)) again, ports names it at \(first): choose another name")
    }
  }

  private mutating func checkAddresses(_ named: [ReplicaConfiguration], _ whole: [BoundReplica]) {
    var owners: [ReplicaAddress: String] = [:]
    for replica in named { owners[replica.address] = replica.name }
    for bound in whole {
      let (address, name) = (bound.replica.address, bound.replica.name)
      if let owner = owners[address],
        let location = bound.section.settings["address"]?.valueLocation
      {
        diagnostics.add(
          location,
          "\(clipped(address.description)) is replica \(quoted(owner)) already, remove one")
      } else {
        owners[address] = name
      }
    }
  }

  /// The answer to a HEAD has no body.
  private mutating func checkProbe() {
    let said = sections["[health]"]?.settings ?? [:]
    configuration.health.isAimed.isSo = ["path", "expect", "body"].contains { said[$0] != nil }
    guard configuration.health.method == .head, configuration.health.body != nil,
      let location = sections["[health]"]?.settings["body"]?.valueLocation
    else { return }
    diagnostics.add(location, "the answer to HEAD has no body: write method = GET, or body = none")
  }

  /// A PROXY header counts from a trusted proxy only, so without any nobody could connect.
  private mutating func checkProxyHeaders() {
    guard configuration.forward.proxyProtocolIn == .required,
      configuration.forward.trustedProxies == nil, let section = sections["[forward]"],
      !section.failed.contains("trusted_proxies"),
      let location = section.settings["proxy_protocol_in"]?.valueLocation
    else { return }
    diagnostics.add(
      location,
      "nobody could connect: name the proxies before lbd in trusted_proxies, such as 10.0.0.0/8")
  }
}
