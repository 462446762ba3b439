// `lbd -t` on any conf: it ends with a verdict.

import LinuxIO

/// Checks one conf after another. Its own thread owns it.
struct ConfChecker {
  let scene: Scene
  let conf: Conf
  let children: Children
  let program: String

  func run() {
    let home = "\(scene.directory)/checks"
    while !scene.isQuiet {
      var random = Seeded(scene.seed, 0xC4EC, scene.nextCase())
      let bytes = conf.wild(Conf.Fixed(), &random)
      do {
        try Files.write(bytes, to: "\(home)/lb.conf")
        let outcome = try children.run(
          [program, "-t", "-c", "\(home)/lb.conf"], log: "\(home)/log")
        judge(outcome, bytes)
      } catch {
        if !scene.ledger.isOver { scene.ledger.violated("lbd -t can't be run: \(error)") }
      }
      scene.ledger.count(.confs)
      scene.beat("conf checker")
      Clock.sleep(milliseconds: random.number(0...100))
    }
    scene.rest("conf checker")
  }

  private func judge(_ outcome: Children.Outcome?, _ bytes: [UInt8]) {
    guard let outcome, [0, 1, 78].contains(outcome.status) else {
      let text = Malformed.show(bytes)
      let status = outcome.map { "\($0.status)" } ?? "nothing"
      return scene.ledger.violated("lbd -t ended with \(status) on the conf \(text)")
    }
  }
}
