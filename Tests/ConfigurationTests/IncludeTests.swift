// Includes: their order and places, and the bounds on depth and circles.

import Configuration
import Testing

@Suite struct IncludeTests {
  @Test func `an include is read in place, its files by name, relative to the file`() {
    let loaded = Loaded(
      "include = conf.d/*.conf\n[lbd]\ninclude = /abs.conf\nports = 8081",
      others: [
        "etc/conf.d/2.conf": "[replica two]\naddress = b:1",
        "etc/conf.d/1.conf": "[replica one]\naddress = a:1",
        "/abs.conf": "[health]\npath = /h",
      ])
    #expect(loaded.errors == [])
    #expect(loaded.configuration?.replicas.map(\.name) == ["8081", "one", "two"])
    #expect(loaded.configuration?.health.path == "/h")
    #expect(loaded.effective.contains("address = a:1     ; etc/conf.d/1.conf:2\n"))
  }

  @Test func `a pattern that matches nothing is no error`() {
    #expect(Loaded("include = none/*.conf\n[lbd]\nports = 1").errors == [])
  }

  @Test func `an included file's errors are told by its own name, in reading order`() {
    let loaded = Loaded(
      "[lbd]\nports = x\ninclude = a.conf\ndocs = x", others: ["etc/a.conf": "[retry]\nfoo = 1"])
    #expect(
      loaded.errors.map { String($0.prefix { $0 != " " }) } == [
        "etc/lb.conf:2:9:", "etc/a.conf:2:1:", "etc/lb.conf:4:8:",
      ])
  }

  @Test func `a section in two files is refused with both places`() {
    let loaded = Loaded(
      "include = a.conf\n[lbd]\nports = 1\n[retry]", others: ["etc/a.conf": "\n[retry]"])
    #expect(loaded.heads == ["4:2: [retry] again, it began at etc/a.conf:2: merge the two"])
  }

  @Test func `an include in a circle is refused`() {
    let loaded = Loaded("include = a.conf", others: ["etc/a.conf": "include = lb.conf"])
    #expect(
      loaded.errors.first?.hasPrefix(
        "etc/a.conf:1:11: error: an include in a circle (etc/lb.conf > etc/a.conf > etc/lb.conf), "
          + "remove this one\n") == true)
  }

  @Test func `includes go eight deep and no deeper`() {
    func chain(_ depth: Int) -> Loaded {
      var others: [String: String] = [:]
      for level in 2..<depth { others["etc/\(level).conf"] = "include = \(level + 1).conf" }
      others["etc/\(depth).conf"] = "[lbd]\nports = 1"
      return Loaded("include = 2.conf", others: others)
    }
    #expect(chain(8).errors == [])
    #expect(
      chain(9).errors.first?.hasPrefix(
        "etc/8.conf:1:11: error: includes more than 8 deep, name the file further up") == true)
  }

  @Test func `files that include each other without end are bounded`() {
    var others: [String: String] = [:]
    let all = (0..<7).map { level in
      String(repeating: "include = \(level + 1).conf\n", count: 20)
    }
    for level in 1..<7 { others["etc/\(level).conf"] = all[level] }
    others["etc/7.conf"] = ""
    let errors = Loaded(all[0], others: others).errors
    #expect(errors.contains { $0.contains("more than 1000 files in all") })
    #expect(errors.count <= 21)
  }

  @Test func `a file or a directory that cannot be read is refused at its include`() {
    let loaded = Loaded("include = gone.conf\n[lbd]\nports = 1")
    #expect(
      loaded.heads == [
        "1:11: cannot read \"etc/gone.conf\": no such file, name a file that can be read"
      ])
    let files = MemoryFiles(["etc/lb.conf": "include = /secret/*\n[lbd]\nports = 1"])
    #expect(
      Loaded(files: files).heads == [
        "1:11: cannot list \"/secret/*\": permission denied, name a directory that can be read"
      ])
  }
}
