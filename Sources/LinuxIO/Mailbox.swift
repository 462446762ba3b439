// How threads speak to each other. Nobody waits for another: a lock is held for the length of an append.

import Synchronization

/// A queue that wakes its reader, bounded for messages that may be dropped.
package final class Mailbox<Message: Sendable>: Sendable {
  package let wakeUp: WakeUp
  private let messages = Mutex<[Message]>([])
  private let limit: Int

  /// - Parameter limit: messages held before those that may be dropped are.
  package init(limit: Int) throws(SystemError) {
    wakeUp = try WakeUp()
    self.limit = limit
  }

  /// Any thread.
  /// - Parameter isDroppable: it may be lost when the reader is far behind. All others arrive, so
  ///   their senders must be bounded by what they report.
  package func post(_ message: Message, isDroppable: Bool = false) {
    let isFirst = messages.withLock { messages in
      guard !isDroppable || messages.count < limit else { return false }
      messages.append(message)
      return messages.count == 1
    }
    if isFirst { wakeUp.ring() }
  }

  /// The reader's thread: all messages since the last call, oldest first.
  package func take() -> [Message] {
    wakeUp.clear()
    return messages.withLock { messages in
      let taken = messages
      messages = []
      return taken
    }
  }
}
