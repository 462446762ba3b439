// A listening socket of the control thread's own, at a path or an address: made, and removed, without
// taking another's place.

import ControlProtocol
import Glibc
package import LinuxIO

/// The control socket, or the metrics' listener. The control thread owns it.
package struct ControlListener: ~Copyable {
  /// What the socket is called where it cannot be made, and what sets its path.
  package enum Purpose {
    case control, metrics

    package var name: String { self == .control ? "the control socket" : "the metrics' socket" }
    package var key: String { self == .control ? "control in [lbd]" : "listen in [metrics]" }
    /// The same, with the variable that sets it too.
    package var keys: String { self == .control ? "control in [lbd] or LBD_SOCKET" : key }
  }

  package let descriptor: Descriptor
  /// Where the socket's file is and which it is; nil for an address.
  private var file: (path: String, identity: Files.Identity?)?

  /// Listens at `path`, where a dead lbd may have left its socket. Of several that start at the same
  /// moment one at a time looks what is there and acts on it: else one would remove what the other has
  /// just made.
  package static func make(
    at path: String, _ purpose: Purpose
  ) throws(StartFailure) -> ControlListener {
    guard let address = SocketAddress(path: path) else {
      throw StartFailure("\(purpose.name)'s path is longer than 107 bytes: \(path)")
    }
    do throws(SystemError) {
      // So that a conf which says nothing of it works, /run/lbd and run are made where that is allowed.
      if makesDirectory(of: path) { try Files.makeDirectory(of: path) }
    } catch {
      throw refusal(path, error, purpose)
    }
    return try FileLock.holding(directoryOf: path, milliseconds: 5000) {
      () throws(StartFailure) in
      try ControlListener.clear(path, address, purpose)
      do throws(SystemError) {
        return ControlListener(try ControlListener.listen(address), (path, Files.identity(path)))
      } catch {
        throw ControlListener.refusal(path, error, purpose)
      }
    }
  }

  /// Listens at `path` in the place of whatever is there: where a path of five bytes more is one that a
  /// socket may have, there is no moment in which nobody does.
  /// - Parameter patience: milliseconds to wait for others who change what is there.
  package static func make(
    replacing path: String, patience: Int
  ) throws(StartFailure) -> ControlListener {
    do throws(SystemError) {
      return try FileLock.holding(directoryOf: path, milliseconds: patience) {
        () throws(SystemError) in
        try ControlListener.replace(path)
      }
    } catch {
      throw ControlListener.refusal(path, error, .control)
    }
  }

  private static func replace(_ path: String) throws(SystemError) -> ControlListener {
    let next = path + ".next"
    guard let address = SocketAddress(path: next) else {
      try Files.remove(path)
      guard let address = SocketAddress(path: path) else { throw SystemError("bind", EINVAL) }
      return ControlListener(try listen(address), (path, Files.identity(path)))
    }
    try Files.remove(next)
    let descriptor = try listen(address)
    // Known before it moves: whoever holds no lock may put another there.
    let identity = Files.identity(next)
    do throws(SystemError) {
      try Files.rename(next, to: path)
    } catch {
      try? Files.remove(next)
      throw error
    }
    return ControlListener(descriptor, (path, identity))
  }

  private init(
    _ descriptor: consuming Descriptor, _ file: (path: String, identity: Files.Identity?)?
  ) {
    self.descriptor = descriptor
    self.file = file
  }

  /// No moment in which others could connect: the mode is there from the start.
  private static func listen(_ address: SocketAddress) throws(SystemError) -> Descriptor {
    let mask = umask(0o117)
    defer { umask(mask) }
    return try Socket.listen(address, backlog: 512)
  }

  // MARK: What became of it

  /// What lies at the path.
  package enum Finding: Equatable {
    /// This socket.
    case own
    /// Nothing, or nothing that counts: a dead lbd's socket, or a stranger's.
    case nothing
    /// The socket of another process, of this user's or root's, which accepts connections.
    case another(Int32?)
    /// A file that is none of the kind.
    case file
  }

  package func look() -> Finding {
    guard let file, let identity = file.identity else { return .own }
    let found = Files.identity(file.path)
    if found == identity { return .own }
    if found == nil { return .nothing }
    guard Files.isSocket(file.path), let address = SocketAddress(path: file.path) else {
      return .file
    }
    switch Socket.connect(address) {
    case .connected(let other): return ControlListener.finding(other)
    case .connecting(let other): return ControlListener.finding(other)
    case .failed(EAGAIN): return .another(nil)
    case .failed: return .nothing
    }
  }

  private static func finding(_ other: borrowing Descriptor) -> Finding {
    guard let user = Socket.peerUser(other), user == 0 || user == geteuid() else {
      return .nothing
    }
    return .another(Socket.peerProcess(other))
  }

  /// Listens at an address.
  /// - Parameter isShared: another of lbd's own listeners has the port, and shares it for this moment.
  package static func make(
    at address: SocketAddress, _ purpose: Purpose, isShared: Bool
  ) throws(StartFailure) -> ControlListener {
    do throws(SystemError) {
      let listener = try Socket.listen(address, backlog: 512, isShared: isShared)
      if isShared {
        Socket.share(listener, false)
        try TCPEntry.refuseOthers(address)
      }
      return ControlListener(listener, nil)
    } catch {
      throw StartFailure(listening: address, error, port: purpose.key)
    }
  }

  /// Throws what `make` would, as far as it can be known while nothing is made or removed.
  /// - Parameter pid: a process that may have the socket.
  package static func check(
    _ path: String, _ purpose: Purpose = .control, besides pid: Int32? = nil
  ) throws(StartFailure) {
    if Files.identity(path) != nil && !Files.isSocket(path) { throw noSocket(path, purpose) }
    if let address = SocketAddress(path: path) {
      switch Socket.connect(address) {
      case .connected(let socket):
        if pid == nil || Socket.peerProcess(socket) != pid { throw taken(path, purpose) }
      case .connecting: throw taken(path, purpose)
      case .failed(EAGAIN): throw taken(path, purpose)
      case .failed(EACCES): throw refusal(path, SystemError("connect", EACCES), purpose)
      case .failed(ENOTDIR): throw refusal(path, SystemError("connect", ENOTDIR), purpose)
      case .failed:
        if let error = Files.obstacle(toRemoving: path) { throw refusal(path, error, purpose) }
      }
    }
    var directory = Files.directory(of: path)
    if makesDirectory(of: path) && !Files.mayExist(directory) {
      directory = Files.directory(of: directory)
    }
    if let error = Files.obstacle(toMakingIn: directory) { throw refusal(path, error, purpose) }
  }

  /// Makes way at `path`: no socket is left there that nobody listens on.
  private static func clear(
    _ path: String, _ address: SocketAddress, _ purpose: Purpose
  ) throws(StartFailure) {
    switch Socket.connect(address) {
    case .failed(ENOENT): break
    case .failed(ECONNREFUSED):
      guard Files.isSocket(path) else {
        throw noSocket(path, purpose)
      }
    case .failed(EACCES): throw refusal(path, SystemError("connect", EACCES), purpose)
    case .failed(ENOTDIR): throw refusal(path, SystemError("connect", ENOTDIR), purpose)
    default:
      throw taken(path, purpose)
    }
    do throws(SystemError) {
      try Files.remove(path)
    } catch {
      throw refusal(path, error, purpose)
    }
  }

  static func taken(_ path: String, _ purpose: Purpose) -> StartFailure {
    StartFailure("another lbd answers at \(path); stop it or set another \(purpose.key)")
  }

  static func noSocket(_ path: String, _ purpose: Purpose) -> StartFailure {
    StartFailure("\(path) is a file and no socket; remove it or set another \(purpose.key)")
  }

  /// Whether the directory of a socket is made where there is none.
  static func makesDirectory(of path: String) -> Bool {
    path.hasPrefix("/run/") || path.hasPrefix(ControlSocketPaths.local)
  }

  static func refusal(
    _ path: String, _ error: SystemError, _ purpose: Purpose
  ) -> StartFailure {
    StartFailure(
      "cannot make \(purpose.name) \(path): \(error.reason); make its directory writable or"
        + " set another \(purpose.keys)")
  }

  /// Removes the socket's file at the end, unless another has taken its place.
  package func remove() {
    guard let file, let identity = file.identity else { return }
    FileLock.holding(directoryOf: file.path, milliseconds: 500) {
      if Files.identity(file.path) == identity { try? Files.remove(file.path) }
    }
  }
}
