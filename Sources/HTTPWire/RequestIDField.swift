// Which request id a replica gets, for those who record it beside the request.

extension HeadWriter {
  /// Where the id lies that a trusted proxy gave and that goes on; empty where the replica gets lbd's.
  package static func givenRequestID(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>
  ) -> Range<Int> {
    let given = Forwarding.sole(.requestID, head.fields)
    return Forwarding.isID(bytes, given) ? given : 0..<0
  }
}
