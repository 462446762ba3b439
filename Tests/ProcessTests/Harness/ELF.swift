// What a program's file says of how it is loaded.

import Foundation
import TestSupport

/// A 64-bit little-endian ELF file, as far as the tests ask.
struct ELF {
  struct Segment {
    let type: Int
    let flags: Int
    let offset: Int
    let addresses: Range<Int>
    let size: Int

    var isWritable: Bool { flags & 2 != 0 }
    var isExecutable: Bool { flags & 1 != 0 }
  }

  struct Section {
    let name: String
    let flags: Int
    let addresses: Range<Int>
    let bytes: [UInt8]
  }

  /// `PT_` and `DT_` numbers.
  static let load = 1
  static let dynamic = 2
  static let interpreter = 3
  static let stack = 0x6474_e551
  static let relro = 0x6474_e552

  let type: Int
  let segments: [Segment]
  let sections: [Section]
  /// The dynamic section: values by their tags.
  let entries: [Int: Int]

  init(_ path: String) throws {
    let file = File(bytes: try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    guard file.bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
      throw TestFailure("\(path) is no 64-bit little-endian ELF")
    }
    type = file.number(16, bytes: 2)
    segments = (0..<file.number(56, bytes: 2)).map {
      file.segment(at: file.number(32) + $0 * file.number(54, bytes: 2))
    }
    let table = (0..<file.number(60, bytes: 2)).map {
      file.number(40) + $0 * file.number(58, bytes: 2)
    }
    let names = table.isEmpty ? 0 : file.number(table[file.number(62, bytes: 2)] + 24)
    sections = table.map { file.section(at: $0, names: names) }
    entries = segments.first { $0.type == ELF.dynamic }.map(file.entries) ?? [:]
  }

  func section(_ name: String) -> Section? { sections.first { $0.name == name } }
  func segment(_ type: Int) -> Segment? { segments.first { $0.type == type } }

  /// The loaded segment that a section is in.
  func segment(of section: Section) -> Segment? {
    segments.first { $0.type == ELF.load && $0.addresses.contains(section.addresses.lowerBound) }
  }

  /// The file's bytes, read as numbers and texts.
  private struct File {
    let bytes: [UInt8]

    func number(_ offset: Int, bytes count: Int = 8) -> Int {
      bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func segment(at offset: Int) -> Segment {
      let start = number(offset + 16)
      return Segment(
        type: number(offset, bytes: 4), flags: number(offset + 4, bytes: 4),
        offset: number(offset + 8), addresses: start..<start + number(offset + 40),
        size: number(offset + 32))
    }

    func section(at offset: Int, names: Int) -> Section {
      let name = bytes[(names + number(offset, bytes: 4))...].prefix { $0 != 0 }
      let (address, start, size) = (
        number(offset + 16), number(offset + 24), number(offset + 32)
      )
      let noBits = 8
      let isInFile = number(offset + 4, bytes: 4) != noBits
      return Section(
        name: String(decoding: name, as: UTF8.self), flags: number(offset + 8),
        addresses: address..<address + size,
        bytes: isInFile ? Array(bytes[start..<start + size]) : [])
    }

    func entries(_ dynamic: Segment) -> [Int: Int] {
      var entries: [Int: Int] = [:]
      for at in stride(from: dynamic.offset, to: dynamic.offset + dynamic.size, by: 16) {
        guard number(at) != 0 else { break }
        entries[number(at)] = number(at + 8)
      }
      return entries
    }
  }
}
