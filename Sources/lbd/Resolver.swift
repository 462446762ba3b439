// Looks up the names of replicas on a thread of its own, since the system's resolver blocks for as
// long as it likes. It is asked by messages and answers by messages.

import LinuxIO
import Proxy

/// A name to look up for a replica.
struct Lookup: Sendable {
  let slot: Int
  let host: String
  let port: UInt16
}

/// What a name resolves to now; nothing when it does not.
struct Resolution: Sendable {
  let slot: Int
  let host: String
  let addresses: [SocketAddress]

  /// The address to use: the present one as long as it is among the answers, so that an order that
  /// rotates changes nothing; the next one where the present one does not serve.
  func choice(present: SocketAddress?, serves: Bool) -> SocketAddress? {
    guard let present, let index = addresses.firstIndex(of: present) else {
      // A name that resolves no more keeps its last address: probes say whether it serves.
      return addresses.first ?? present
    }
    return serves ? present : addresses[(index + 1) % addresses.count]
  }
}

/// The resolver's thread and both its mailboxes.
final class Resolver: Sendable {
  private let questions: Mailbox<Lookup>
  /// What the control thread takes the answers from.
  let answers: Mailbox<Resolution>

  init() throws(SystemError) {
    questions = try Mailbox(limit: SharedPool.capacity)
    answers = try Mailbox(limit: SharedPool.capacity)
  }

  /// Starts the thread; it lives as long as the process.
  func start() throws(SystemError) {
    try Thread.start("lbd-resolver") { [self] in
      while true {
        _ = questions.wakeUp.descriptor.wait(until: .readable, milliseconds: -1)
        for question in questions.take() {
          let found = SocketAddress.resolve(question.host, port: question.port)
          answers.post(
            Resolution(slot: question.slot, host: question.host, addresses: found))
        }
      }
    }.detach()
  }

  func ask(_ lookup: Lookup) {
    questions.post(lookup)
  }
}
