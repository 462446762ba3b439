// Variables in values: what they become, and how errors in them are shown.

import Configuration
import Testing

@Suite struct ExpansionTests {
  private func control(_ value: String, _ environment: [String: String]) -> Loaded {
    Loaded("[lbd]\nports = 8081\ncontrol = \(value)", environment: environment)
  }

  @Test(arguments: [
    ("${A}", "/a"), ("x${A}y${A}", "x/ay/a"), ("${A:-b}", "/a"), ("${NONE:-b c}", "b c"),
    ("${EMPTY:-b}", "b"), ("x${EMPTY}", "x"), ("$A", "$A"), ("a$", "a$"), ("$$", "$$"),
    ("x${NONE:-}", "x"),
  ])
  func `a variable is filled in`(_ value: String, _ expected: String) {
    let loaded = control(value, ["A": "/a", "EMPTY": ""])
    #expect(loaded.errors == [])
    #expect(loaded.configuration?.control == expected)
  }

  @Test(arguments: [
    ("${NONE}", "3:11: ${NONE} is not set, set it or write ${NONE:-default}"),
    ("a${A", "3:12: \"${\" is not closed, write ${VAR} or ${VAR:-default}"),
    ("${A-b}", "3:11: \"${A-b}\" is not a variable, write ${VAR} or ${VAR:-default}"),
    ("${}", "3:11: \"${}\" is not a variable, write ${VAR} or ${VAR:-default}"),
    ("${1A}", "3:11: \"${1A}\" is not a variable, write ${VAR} or ${VAR:-default}"),
    (
      "${A:-${B}}",
      "3:11: a value cannot hold control bytes, comments or \"${\", change the default"
    ),
    ("${BAD}", "3:11: a value cannot hold control bytes, comments or \"${\", change ${BAD}"),
    ("${NOTE}", "3:11: a value cannot hold control bytes, comments or \"${\", change ${NOTE}"),
    ("${AGAIN}", "3:11: a value cannot hold control bytes, comments or \"${\", change ${AGAIN}"),
    ("${LONG}${LONG}", "3:11: the value is longer than 4096 bytes, shorten it"),
    ("${EMPTY}", "3:11: \"control\" has no value, write one or remove the line"),
  ])
  func `a variable is refused`(_ value: String, _ head: String) {
    let environment = [
      "BAD": "a\nports = 9", "NOTE": "a ;b", "AGAIN": "${A}", "EMPTY": " ",
      "LONG": String(repeating: "x", count: 3000),
    ]
    let heads = control(value, environment).heads
    #expect(heads == [head])
  }

  @Test func `a bad value that came from a variable is pointed at where it is named`() {
    let loaded = Loaded("[lbd]\nports = ${PORTS}", environment: ["PORTS": "8081, 8082, x"])
    #expect(
      loaded.heads == [
        "2:9: bad value for \"ports\" in [lbd]: \"x\" is neither a number nor a range, "
          + "write 8081, 8082 or 8081-8083"
      ])
  }

  @Test func `a variable that stands in a value over and over is named once`() {
    let value = String(repeating: "${EMPTY}", count: 1000) + "${A}"
    let loaded = control(value, ["A": "/a", "EMPTY": ""])
    #expect(loaded.effective.contains("  ; ${EMPTY}, ${A}, etc/lb.conf:3\n"))
    let refused = control(value, ["A": "a ;b", "EMPTY": ""])
    #expect(refused.heads.first?.hasSuffix("change ${EMPTY} or ${A}") == true)
  }
}
