// An epoll instance and the batch of events it last gave. Connections are registered once, for both
// directions and edge-triggered: no further epoll_ctl for as long as they live.

import CLinux
import Glibc

/// What a descriptor is ready for.
package struct Readiness: Sendable {
  let bits: UInt32
  /// There are bytes, an end or an error to receive.
  package var isReadable: Bool { bits & (EPOLLIN.rawValue | Readiness.over) != 0 }
  /// There is room to send, or an error to learn of.
  package var isWritable: Bool { bits & (EPOLLOUT.rawValue | Readiness.over) != 0 }
  /// The peer ended its direction, or the connection is over: after the bytes that are there, an
  /// end or an error follows.
  package var isEnding: Bool { bits & (EPOLLRDHUP.rawValue | Readiness.over) != 0 }
  /// The connection is over in both directions.
  package var isOver: Bool { bits & Readiness.over != 0 }

  /// It was reset, or has failed otherwise.
  package var isBroken: Bool { bits & EPOLLERR.rawValue != 0 }

  private static var over: UInt32 { EPOLLHUP.rawValue | EPOLLERR.rawValue }
}

/// One event of a batch: the token that was given at registration, and what is ready.
package struct Event {
  package let token: UInt64
  package let readiness: Readiness
}

/// An epoll instance. One thread owns it.
@safe
package struct Poller: ~Copyable {
  private let epoll: Descriptor
  private let events: UnsafeMutablePointer<epoll_event>
  /// The most events one `wait` gives.
  package let capacity: Int

  /// How a descriptor is watched.
  package enum Watch {
    /// A connection: both directions, one event for each change.
    case connection
    /// Readable, one event for each batch for as long as it is.
    case readable
    /// A listener shared by workers: readable, and an arrival wakes one of them.
    case sharedListener
  }

  /// - Parameter batch: the most events one `wait` gives.
  package init(batch: Int = 512) throws(SystemError) {
    capacity = batch
    epoll = Descriptor(
      owning: try retrying("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    unsafe events = .allocate(capacity: batch)
    unsafe events.initialize(repeating: epoll_event(), count: batch)
  }

  deinit {
    unsafe events.deallocate()
  }

  /// Watches `descriptor` until it is closed or removed; its events carry `token`.
  package func add(
    _ descriptor: borrowing Descriptor, _ watch: Watch, token: UInt64
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.data.u64 = token
    switch watch {
    case .connection:
      unsafe event.events =
        EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    case .readable: unsafe event.events = EPOLLIN.rawValue
    case .sharedListener: unsafe event.events = EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
    }
    let raw = descriptor.raw
    // Safe: the kernel copies the event during the call; `u64` is the only member of `data` in use.
    _ = try retrying("epoll_ctl") { unsafe epoll_ctl(epoll.raw, EPOLL_CTL_ADD, raw, &event) }
  }

  /// Watches it no longer.
  package func remove(_ descriptor: borrowing Descriptor) {
    var event = unsafe epoll_event()
    _ = unsafe epoll_ctl(epoll.raw, EPOLL_CTL_DEL, descriptor.raw, &event)
  }

  /// Waits for the next batch, at most `milliseconds` (negative: without end), and gives its size.
  /// An interruption by a signal gives an empty batch.
  package func wait(milliseconds: Int) -> Int {
    // Safe: the kernel writes at most `capacity` events, for which there is room.
    let count = unsafe epoll_wait(
      epoll.raw, events, Int32(capacity), Int32(clamping: milliseconds))
    if count >= 0 { return Int(count) }
    guard errno == EINTR else {
      fatalError("epoll_wait: \(SystemError.text(errno))")
    }
    return 0
  }

  /// An event of the last batch, `index` below its size.
  @inline(__always)
  package func event(_ index: Int) -> Event {
    guard index >= 0 && index < capacity else { fatalError("an event outside of the batch") }
    let event = unsafe events[index]
    return unsafe Event(token: event.data.u64, readiness: Readiness(bits: event.events))
  }
}
