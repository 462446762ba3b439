// A listener that is open before the one that it follows is closed: after a reload, or in the next lbd.

import Configuration
import Glibc
import Ledger
import LinuxIO

/// A new listener with a duplicate for each worker, all there before anything is changed. What is not
/// handed out is closed with the value.
struct NextListener: ~Copyable {
  private var descriptor: Descriptor?
  private var duplicates: [Int32] = []

  /// Listens where a conf says, beside the listener that serves now; where that is the same place, with
  /// that one.
  /// - Parameters:
  ///   - found: what the conf's host resolves to; nil has it looked up, which may block.
  ///   - isShared: another of lbd's own listeners has the port, and shares it for this moment.
  init(
    _ configuration: Configuration, found: LookupOutcome? = nil, workers: Int,
    beside former: borrowing Descriptor, isShared: Bool = false
  ) throws(StartFailure) {
    let (host, port) = (configuration.host, configuration.mainPort)
    guard case .found(let addresses) = found ?? SocketAddress.lookUp(host, port: port),
      let address = addresses.first
    else {
      throw StartFailure("cannot listen on \(host): the name does not resolve; write an address")
    }
    do throws(SystemError) {
      let isSame = Socket.localAddress(former) == address
      let listener =
        isSame
        ? try former.duplicate()
        : try NextListener.listen(address, beside: former, isShared: isShared)
      for _ in 0..<workers { duplicates.append(try listener.duplicate().release()) }
      descriptor = consume listener
    } catch {
      throw StartFailure(
        listening: address, error, port: "main_port in [lbd]", host: "host in [lbd]")
    }
  }

  /// Goes on with the listener of the lbd before this one, wherever that is.
  init(_ former: borrowing Descriptor, workers: Int) throws(StartFailure) {
    do throws(SystemError) {
      let listener = try former.duplicate()
      for _ in 0..<workers { duplicates.append(try listener.duplicate().release()) }
      descriptor = consume listener
    } catch {
      throw StartFailure("cannot go on with the listener: \(error)")
    }
  }

  deinit {
    for duplicate in duplicates { _ = close(duplicate) }
  }

  /// The same port on another address, such as 0.0.0.0 for 127.0.0.1, is free only for who shares it
  /// with the former listener.
  private static func listen(
    _ address: SocketAddress, beside former: borrowing Descriptor, isShared: Bool
  ) throws(SystemError) -> Descriptor {
    let isSamePort = Socket.localAddress(former)?.port == address.port
    guard isSamePort || isShared else { return try Socket.listen(address) }
    if isSamePort { Socket.share(former, true) }
    defer { if isSamePort { Socket.share(former, false) } }
    let listener = try Socket.listen(address, isShared: true)
    Socket.share(listener, false)
    try TCPEntry.refuseOthers(address)
    return listener
  }

  /// Has the workers go over to it, and gives it to the control thread.
  mutating func hand(to workers: [Mailbox<Order>]) -> Descriptor? {
    for (worker, duplicate) in zip(workers, duplicates) { worker.post(.listen(duplicate)) }
    duplicates = []
    return descriptor.take()
  }
}
