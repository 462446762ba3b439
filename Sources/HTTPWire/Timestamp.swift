// A moment as the log and the reports of the control socket write it (RFC 3339).

/// The writer of times for people and programs.
package enum Timestamp {
  /// `2026-11-22T13:54:40.123Z` for nanoseconds since 1970.
  package static func text(_ nanoseconds: UInt64) -> String {
    let seconds = Int(nanoseconds / 1_000_000_000)
    let date = CivilDate(day: seconds / 86_400)
    let time = seconds % 86_400
    let milliseconds = Int(nanoseconds / 1_000_000 % 1000)
    return "\(pad(date.year, 4))-\(pad(date.month, 2))-\(pad(date.day, 2))T\(pad(time / 3600, 2)):"
      + "\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2)).\(pad(milliseconds, 3))Z"
  }

  private static func pad(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
