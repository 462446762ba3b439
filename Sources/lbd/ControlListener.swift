// A listening socket of the control thread's own, at a path or an address: made, and removed, without
// taking another's place.

import Configuration
import ControlProtocol
import Glibc
import LinuxIO

/// The control socket, or the metrics' listener. The control thread owns it.
struct ControlListener: ~Copyable {
  /// What the socket is called where it cannot be made, and what sets its place.
  enum Purpose {
    case control, metrics

    var name: String { self == .control ? "the control socket" : "the metrics' socket" }
    var key: String { self == .control ? "control in [lbd]" : "listen in [metrics]" }
    /// The same, with the variable that sets it too.
    var keys: String { self == .control ? "control in [lbd] or LBD_SOCKET" : key }
  }

  let descriptor: Descriptor
  /// Where the socket's file is and which it is; nil for an address.
  private var file: (path: String, identity: Files.Identity?)?

  /// Listens at `path`, where a dead lbd may have left its socket. Of several that start at the same
  /// moment one at a time looks what is there and acts on it: else one would remove what the other has
  /// just made.
  static func make(
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
  static func make(
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
    _ descriptor: consuming Descriptor, _ file: (path: String, identity: Files.Identity?)
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
  enum Finding: Equatable {
    /// This socket.
    case own
    /// Nothing, or nothing that counts: a dead lbd's socket, or a stranger's.
    case nothing
    /// The socket of another process, of this user's or root's, which accepts connections.
    case another(Int32?)
    /// A file that is none of the kind.
    case file
  }

  func look() -> Finding {
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

  private init(
    _ address: SocketAddress, _ purpose: Purpose, isShared: Bool
  ) throws(StartFailure) {
    do throws(SystemError) {
      let listener = try Socket.listen(address, backlog: 512, isShared: isShared)
      if isShared {
        Socket.share(listener, false)
        try NextListener.refuseOthers(address)
      }
      descriptor = consume listener
      file = nil
    } catch {
      throw StartFailure(listening: address, error, port: purpose.key)
    }
  }

  /// Listens for metrics where the conf says.
  /// - Parameter isShared: another of lbd's own listeners has the port, and shares it for this moment.
  static func metrics(
    at place: ReplicaAddress, isShared: Bool = false
  ) throws(StartFailure) -> ControlListener {
    switch place {
    case .unix(let path): return try make(at: path, .metrics)
    case .host(let host, let port):
      let address = SocketAddress(ip: host == "localhost" ? "127.0.0.1" : host, port: port)
      guard let address else { throw StartFailure("cannot listen on \(place): no address") }
      return try ControlListener(address, .metrics, isShared: isShared)
    }
  }

  /// Throws what `make` would, as far as it can be known while nothing is made or removed.
  /// - Parameter pid: a process that may have the socket.
  static func check(
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
    path.hasPrefix("/run/") || path.hasPrefix(ControlPlaces.local)
  }

  static func refusal(
    _ path: String, _ error: SystemError, _ purpose: Purpose
  ) -> StartFailure {
    StartFailure(
      "cannot make \(purpose.name) \(path): \(error.reason); make its directory writable or"
        + " set another \(purpose.keys)")
  }

  /// Removes the socket's file at the end, unless another has taken its place.
  func remove() {
    guard let file, let identity = file.identity else { return }
    FileLock.holding(directoryOf: file.path, milliseconds: 500) {
      if Files.identity(file.path) == identity { try? Files.remove(file.path) }
    }
  }
}

extension StartFailure {
  /// An address that cannot be listened on.
  /// - Parameter port: what sets it in the conf.
  init(listening address: SocketAddress, _ error: SystemError, port: String, host: String? = nil) {
    let advice =
      switch error.code {
      case EADDRINUSE: "stop what listens there (ss -ltnp) or set another \(port)"
      case EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE"
      case EADDRNOTAVAIL: "no interface here has this address; set another \(host ?? port)"
      default: "see \(port)"
      }
    self.init("cannot listen on \(address): \(error.reason); \(advice)")
  }
}
