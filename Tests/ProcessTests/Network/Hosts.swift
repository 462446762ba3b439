// Two hosts on one machine: network namespaces of this test's own, with a cable between them. lbd and
// its clients are on one, the replicas on the other. Needs root, Debian's iproute2 and nftables.

import Foundation
import Glibc
import TestSupport

/// The namespaces; they are gone with the value.
final class Hosts {
  let front: String
  let back: String
  /// The replicas' addresses, all on the back host.
  let addresses: [String]

  init(replicas count: Int) throws {
    let id = "\(getpid())-\(UInt16.random(in: 0 ... .max))"
    front = "lbd-front-\(id)"
    back = "lbd-back-\(id)"
    addresses = (0..<count).map { "10.77.0.\(10 + $0)" }
    for name in [front, back] { try Hosts.run("/usr/sbin/ip", "netns", "add", name) }
    try Hosts.run(
      "/usr/sbin/ip", "link", "add", "cable", "netns", front, "type", "veth", "peer", "name",
      "cable", "netns", back)
    try on(front, "/usr/sbin/ip", "addr", "add", "10.77.0.1/24", "dev", "cable")
    for address in addresses {
      try on(back, "/usr/sbin/ip", "addr", "add", "\(address)/24", "dev", "cable")
    }
    for name in [front, back] {
      for link in ["lo", "cable"] { try on(name, "/usr/sbin/ip", "link", "set", link, "up") }
    }
    try on(back, Hosts.nft, "add", "table", "inet", "wall")
    try on(
      back, Hosts.nft, "add", "chain", "inet", "wall", "entry",
      "{ type filter hook input priority 0; }")
  }

  deinit {
    for name in [front, back] { try? Hosts.run("/usr/sbin/ip", "netns", "del", name) }
  }

  private static let nft = "/usr/sbin/nft"

  /// Drops every packet to a replica from now on, as a pulled cable does.
  func drop(_ address: String) throws {
    try on(back, Hosts.nft, "add", "rule", "inet", "wall", "entry", "ip", "daddr", address, "drop")
  }

  /// Lets all packets through again.
  func restore() throws { try on(back, Hosts.nft, "flush", "chain", "inet", "wall", "entry") }

  /// Starts one of the commands under test on a host.
  func start(_ host: String, _ command: String, _ arguments: [String], log: String) throws -> Child
  {
    try Child(
      "/usr/sbin/ip", ["netns", "exec", host, try Binaries.path(command)] + arguments, log: log)
  }

  /// Runs one of the commands under test on a host to its end.
  func run(_ host: String, _ command: String, _ arguments: String...) throws -> Child.Outcome {
    try Child("/usr/sbin/ip", ["netns", "exec", host, try Binaries.path(command)] + arguments)
      .outcome(within: 60)
  }

  private func on(_ host: String, _ arguments: String...) throws {
    try Hosts.run(["/usr/sbin/ip", "netns", "exec", host] + arguments)
  }

  private static func run(_ arguments: String...) throws { try run(arguments) }

  private static func run(_ arguments: [String]) throws {
    guard FileManager.default.isExecutableFile(atPath: arguments[0]) else {
      throw TestFailure("there is no \(arguments[0]): install Debian's iproute2 and nftables")
    }
    let outcome = try Child(arguments[0], Array(arguments.dropFirst())).outcome(within: 10)
    guard outcome.status == 0 else {
      throw TestFailure("\(arguments.joined(separator: " ")): \(outcome.error) (needs root)")
    }
  }
}
