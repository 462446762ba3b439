// How the commands are linked and shipped.

import Foundation
import Testing

@Suite(.waiting) struct HardeningTests {
  private static let commands = ["lbd", "lbctl", "replicad", "compose", "bench"]

  // What is expected is worked out first: a failed expectation prints all that stands in it.
  @Test(arguments: commands)
  func `each command is static and the kernel chooses its address`(_ name: String) throws {
    let file = try ELF(Binaries.path(name))
    let isShared = file.type == 3
    #expect(isShared)
    let hasInterpreter = file.segment(ELF.interpreter) != nil
    #expect(!hasInterpreter)
    let (flags1, nowFlag, pieFlag) = (0x6fff_fffb, 1, 0x0800_0000)
    let isPlaceable = file.entries[flags1, default: 0] & (nowFlag | pieFlag) == nowFlag | pieFlag
    #expect(isPlaceable)
    // With a path for shared libraries the C library's start would end the process.
    let (needed, rpath, runpath) = (1, 15, 29)
    for tag in [needed, rpath, runpath] {
      let value = file.entries[tag]
      #expect(value == nil, "tag \(tag)")
    }
  }

  @Test(arguments: commands)
  func `what is constant in a command is read-only, and nothing writable is code`(
    _ name: String
  ) throws {
    let file = try ELF(Binaries.path(name))
    let mapped = file.segments.filter { [ELF.load, ELF.stack].contains($0.type) }
    let both = mapped.filter { $0.isWritable && $0.isExecutable }.count
    #expect(mapped.contains { $0.type == ELF.stack } && both == 0)
    let constants = file.section(".rodata").flatMap(file.segment)
    #expect(constants?.isWritable == false)
    let (flags, bindNow) = (30, 8)
    let isBoundAtStart = file.entries[flags, default: 0] & bindNow != 0
    #expect(isBoundAtStart)
    let relro = file.segment(ELF.relro)?.addresses ?? 0..<0
    for name in [".data.rel.ro", ".init_array", ".dynamic", ".got", ".got.plt"] {
      let addresses = file.section(name)?.addresses
      #expect(addresses?.clamped(to: relro) == addresses && addresses != nil, "\(name)")
    }
  }

  @Test func `what is shipped has no symbols, and beside it lies a file that has them`() throws {
    let directory = FileManager.default.temporaryDirectory.path + "/lbd-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let built = try Binaries.path("replicad")
    let shipped = directory + "/a place/replicad"
    let environment = ProcessInfo.processInfo.environment
    let strip = try Child(
      Binaries.package + "/deploy/strip.sh", [built, shipped],
      environment: ["PATH": environment["PATH"] ?? "/usr/bin:/bin"]
    ).outcome(within: 60)
    #expect(strip.status == 0, "\(strip.error)")
    let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/a place")
    #expect(left.sorted() == ["replicad", "replicad.debug"])

    let (program, symbols) = (try ELF(shipped), try ELF(shipped + ".debug"))
    let names = program.sections.map(\.name)
    #expect(!names.contains { $0 == ".symtab" || $0.hasPrefix(".debug_") })
    #expect(
      program.section(".gnu_debuglink")?.bytes.starts(with: Array("replicad.debug\0".utf8)) == true)
    let named = symbols.sections.map(\.name)
    #expect(named.contains(".symtab") && named.contains(".debug_info"))
    let identity = program.section(".note.gnu.build-id")?.bytes
    let itsIdentity = symbols.section(".note.gnu.build-id")?.bytes
    #expect(identity?.isEmpty == false && identity == itsIdentity)
    let outcome = try Child(shipped, ["--version"]).outcome(within: 30)
    #expect(try outcome == Child.run("replicad", ["--version"]))
  }
}
