// Making sockets: listeners, connections, and what is asked of them. Moving bytes is in Transfer.

import CLinux
import Glibc

/// What starting a connection came to.
package enum ConnectOutcome: ~Copyable {
  /// It stands.
  case connected(Descriptor)
  /// It is under way; the socket becomes writable when it stands or has failed.
  case connecting(Descriptor)
  /// It failed at once; the value is the `errno`.
  case failed(Int32)
}

/// What an attempt to accept came to.
package enum AcceptOutcome: ~Copyable {
  case accepted(Descriptor, from: SocketAddress)
  /// No connection waits.
  case none
  /// The process or the machine is out of descriptors or memory: wait before the next attempt.
  case exhausted
}

/// Calls that make and ask sockets. Every socket is non-blocking and closed on exec.
package enum Socket {
  private static var streamType: Int32 {
    Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  }

  /// A listening socket. TCP connections accepted from it send without delay and are probed when
  /// idle for long; they inherit that, so it costs no call for each.
  /// - Parameters:
  ///   - backlog: connections the kernel holds until they are accepted.
  ///   - isShared: see `share`.
  package static func listen(
    _ address: SocketAddress, backlog: Int32 = 4096, isShared: Bool = false
  ) throws(SystemError) -> Descriptor {
    let socket = try make(address.family)
    if isShared { share(socket, true) }
    if address.family != AF_UNIX {
      set(socket, SOL_SOCKET, SO_REUSEADDR, 1)
      tuneListener(socket)
      if address.family == AF_INET6 { set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    }
    _ = try retrying("bind") { unsafe address.withKernelForm { unsafe bind(socket.raw, $0, $1) } }
    _ = try retrying("listen") { Glibc.listen(socket.raw, backlog) }
    return socket
  }

  /// What connections inherit from a TCP socket that listens.
  static func tuneListener(_ listener: borrowing Descriptor) {
    set(listener, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    set(listener, SOL_SOCKET, SO_KEEPALIVE, 1)
  }

  /// Whether others of this user may listen at the same port, on another address that overlaps.
  package static func share(_ listener: borrowing Descriptor, _ isShared: Bool) {
    set(listener, SOL_SOCKET, SO_REUSEPORT, isShared ? 1 : 0)
  }

  /// Takes the next waiting connection.
  package static func accept(_ listener: borrowing Descriptor) -> AcceptOutcome {
    var accepted: Int32 = -1
    let address = unsafe SocketAddress { target, length in
      accepted = unsafe accept4(
        listener.raw, target, &length,
        Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
      return accepted >= 0
    }
    guard accepted >= 0 else {
      switch errno {
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
      default: return .none  // also a peer that gave up while it waited
      }
    }
    let descriptor = Descriptor(owning: accepted)
    guard let address else { return .none }
    return .accepted(descriptor, from: address)
  }

  /// Starts a connection without waiting for it.
  package static func connect(_ address: SocketAddress) -> ConnectOutcome {
    let raw = socket(address.family, streamType, 0)
    guard raw >= 0 else { return .failed(errno) }
    let descriptor = Descriptor(owning: raw)
    if address.family != AF_UNIX {
      set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }
    while true {
      if unsafe address.withKernelForm({ unsafe Glibc.connect(raw, $0, $1) }) == 0 {
        return .connected(descriptor)
      }
      let code = errno
      if code == EINPROGRESS { return .connecting(descriptor) }
      if code != EINTR { return .failed(code) }
    }
  }

  /// The pending error of a socket, 0 when there is none: how a connect under way ended.
  package static func error(_ socket: borrowing Descriptor) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(socket.raw, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
      return errno
    }
    return code
  }

  /// Bytes that were sent and that the peer has not acknowledged.
  package static func unsentBytes(_ socket: borrowing Descriptor) -> Int32 {
    var count: Int32 = 0
    // Safe: the kernel writes one int. TIOCOUTQ is what Linux calls SIOCOUTQ for sockets.
    return unsafe ioctl(socket.raw, UInt(TIOCOUTQ), &count) == 0 ? count : 0
  }

  /// Ends the sending direction: the peer reads an end after what was sent.
  package static func endSending(_ socket: borrowing Descriptor) {
    _ = shutdown(socket.raw, Int32(SHUT_WR))
  }

  /// Ends the receiving direction: the peer can't send any more, and what it has sent can still be read.
  package static func endReceiving(_ socket: borrowing Descriptor) {
    _ = shutdown(socket.raw, Int32(SHUT_RD))
  }

  /// Makes the close that follows a reset, so that the peer can't take what it has for whole.
  package static func resetOnClose(_ socket: borrowing Descriptor) {
    var value = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      socket.raw, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
  }

  /// The address a socket is bound to.
  package static func localAddress(_ socket: borrowing Descriptor) -> SocketAddress? {
    unsafe SocketAddress { unsafe getsockname(socket.raw, $0, &$1) == 0 }
  }

  /// The user at the other end of a Unix socket, or nil: of a connection that was made, the one who began
  /// to listen.
  package static func peerUser(_ socket: borrowing Descriptor) -> UInt32? {
    peerCredentials(socket)?.uid
  }

  /// The process there, or nil: one that this process cannot see has none.
  package static func peerProcess(_ socket: borrowing Descriptor) -> Int32? {
    peerCredentials(socket).flatMap { $0.pid > 0 ? $0.pid : nil }
  }

  private static func peerCredentials(_ socket: borrowing Descriptor) -> lbd_peer_credentials? {
    var credentials = lbd_peer_credentials()
    var length = socklen_t(MemoryLayout<lbd_peer_credentials>.size)
    let result = unsafe getsockopt(
      socket.raw, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
    return result == 0 ? credentials : nil
  }

  private static func make(_ family: Int32) throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("socket") { socket(family, streamType, 0) })
  }

  private static func set(
    _ socket: borrowing Descriptor, _ level: Int32, _ option: Int32, _ value: Int32
  ) {
    var value = value
    _ = unsafe setsockopt(
      socket.raw, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
