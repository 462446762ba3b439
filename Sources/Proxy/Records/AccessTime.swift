// The time of a line of the access log. Its seconds are put into words once a second.

import HTTPWire
import LinuxIO

/// A worker's clock for people: ISO 8601 in UTC, to the millisecond.
struct AccessTime: ~Copyable {
  /// Up to the seconds and their point.
  private var text = ByteWriter(capacity: 64)
  /// When that was put into words, by the monotonic clock, and how far into the second that was.
  private var taken: UInt64 = 0
  private var fraction: UInt64 = 1_000_000_000

  /// Writes the time that `now` of the monotonic clock is.
  mutating func write(_ now: UInt64, to line: inout LineTable) {
    if now < taken || now - taken >= 1_000_000_000 - fraction { takeUp(now) }
    line.append(text.bytes)
    line.append(Int((fraction + now - taken) / 1_000_000), digits: 3)
    line.append("Z")
  }

  /// Goes on with the second that `now` lies in, by what the wall's clock says at present.
  private mutating func takeUp(_ now: UInt64) {
    let wall = Clock.wall() &- (Clock.now() &- now)
    let seconds = Int(wall / 1_000_000_000)
    taken = now
    fraction = wall % 1_000_000_000
    text.removeAll()
    let date = CivilDate(day: seconds / 86_400)
    text.append(decimal: date.year)
    pair("-", date.month)
    pair("-", date.day)
    pair("T", seconds / 3600 % 24)
    pair(":", seconds / 60 % 60)
    pair(":", seconds % 60)
    text.append(".")
  }

  private mutating func pair(_ sign: StaticString, _ number: Int) {
    text.append(sign)
    if number < 10 { text.append("0") }
    text.append(decimal: number)
  }
}
