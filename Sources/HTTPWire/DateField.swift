// The Date field, which every server with a clock states (RFC 9110 §6.6.1).

/// The writer of the Date field.
package enum DateField {
  private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Writes the field line with its end, as of `seconds` since 1970.
  package static func write(_ seconds: Int, to writer: inout ByteWriter) {
    let (day, second) = (seconds / 86400, seconds % 86400)
    let date = CivilDate(day: day)
    writer.append("Date: ")
    writer.append(days[day % 7])
    writer.append(", ")
    write(date.day, " ", to: &writer)
    writer.append(months[date.month - 1])
    writer.append(" ")
    writer.append(decimal: date.year)
    writer.append(" ")
    write(second / 3600, ":", to: &writer)
    write(second / 60 % 60, ":", to: &writer)
    write(second % 60, " GMT\r\n", to: &writer)
  }

  private static func write(_ value: Int, _ end: StaticString, to writer: inout ByteWriter) {
    if value < 10 { writer.append("0") }
    writer.append(decimal: value)
    writer.append(end)
  }
}

/// A date of the Gregorian calendar.
package struct CivilDate: Sendable {
  package let year: Int
  /// 1 to 12.
  package let month: Int
  /// 1 to 31.
  package let day: Int

  /// The date of a day counted from 1970, zero or later. Years begin in March here, so that the
  /// leap day is a year's last, and eras of 400 years are all alike.
  package init(day: Int) {
    let (era, dayOfEra) = ((day + 719_468) / 146_097, (day + 719_468) % 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  }
}
