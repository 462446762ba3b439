// The time of a line of the access log. Its seconds are put into words once a second.

import HTTPWire
import LinuxIO

/// A worker's clock for people: ISO 8601 in UTC, to the millisecond.
struct AccessTime: ~Copyable {
  /// Up to the seconds and their point.
  private var text = ByteWriter(capacity: 64)
  /// When that second began and ends, by the monotonic clock.
  private var begin: UInt64 = 0
  private var end: UInt64 = 0

  /// Writes the time that `now` of the monotonic clock is.
  mutating func write(_ now: UInt64, to line: inout LineTable) {
    if now >= end || now < begin { takeUp(now) }
    line.append(text.bytes)
    line.append(Int((now - begin) / 1_000_000), digits: 3)
    line.append("Z")
  }

  /// Goes on with the second that `now` lies in, by what the wall's clock says at present.
  private mutating func takeUp(_ now: UInt64) {
    let wall = Clock.wall() &- (Clock.now() &- now)
    let seconds = Int(wall / 1_000_000_000)
    begin = now - wall % 1_000_000_000
    end = begin + 1_000_000_000
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
