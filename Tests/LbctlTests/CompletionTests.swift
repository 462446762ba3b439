// What the shells are told: bash does with it what it should, the others are told of the same words.

import Foundation
import TestSupport
import Testing

@testable import lbctl

@Suite(.timeLimit(.minutes(1)))
struct CompletionTests {
  /// What bash offers for a line whose last word is unfinished.
  private func offers(_ line: String, _ daemon: FakeDaemon) throws -> [String] {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
    let script = """
      lbctl() { "$LBCTL" "$@"; }
      source <(lbctl completion bash)
      COMP_WORDS=(\(words.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
      _lbctl
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-uc", script]
    process.environment = [
      "LBCTL": try commandPath(), "LBD_SOCKET": daemon.path, "PATH": "/usr/bin:/bin",
    ]
    process.standardOutput = output
    try process.start()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0) }
  }

  @Test func `bash completes verbs, options, and the names of the replicas that there are`() throws
  {
    let daemon = try FakeDaemon()
    #expect(try offers("lbctl re", daemon) == ["ready", "remove", "reload"])
    #expect(try offers("lbctl drain r", daemon) == ["r0", "r1"])
    #expect(try offers("lbctl --socket x ready r0 r", daemon) == ["r0", "r1"])
    #expect(try offers("lbctl drain --w", daemon) == ["--wait"])
    #expect(try offers("lbctl pool --w", daemon) == ["--watch", "--wide"])
    #expect(try offers("lbctl completion z", daemon) == ["zsh"])
    #expect(try offers("lbctl add r", daemon) == [])
  }

  @Test(arguments: Shell.allCases)
  func `each shell is told of every verb and option`(_ shell: Shell) throws {
    let outcome = try lbctl(["completion", shell.rawValue])
    #expect(outcome.code == 0 && outcome.error.isEmpty)
    for verb in Verb.allCases { #expect(outcome.output.contains(verb.rawValue)) }
    for option in Option.allCases {
      let name = shell == .fish ? String(option.rawValue.drop { $0 == "-" }) : option.rawValue
      #expect(outcome.output.contains(name))
    }
  }
}
