// lbd before nginx with a conf and files of the test's own.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport

/// lbd with one nginx that listens on so many ports, each a replica. All that was started ends with it.
final class NginxStage {
  let stage: Stage
  let ports: [UInt16]
  private let nginx: Child

  /// The bytes of `/letters`.
  static let size = 5_000_000

  /// - Parameters:
  ///   - settings: what the server's block of the conf says besides.
  ///   - listen: what its `listen` says behind the port.
  ///   - sections: what lbd's conf says besides.
  init(
    _ count: Int = 1, _ settings: String = "", listen: String = "", lbd: String = "",
    sections: String = ""
  ) throws {
    let program = try Peer.program("/usr/sbin/nginx", package: "nginx-light")
    let stage = try Stage()
    self.stage = stage
    ports = try (0..<count).map { _ in try stage.reservePort() }
    try NginxStage.writeFiles(stage.directory)
    let listens = ports.map { "listen 127.0.0.1:\($0) \(listen);" }
    try NginxStage.conf(stage.directory, listens, settings).write(
      toFile: stage.directory + "/nginx.conf", atomically: true, encoding: .utf8)
    nginx = try Child(
      program, ["-e", "stderr", "-p", stage.directory, "-c", "nginx.conf", "-g", "daemon off;"],
      log: stage.directory + "/nginx")
    try stage.writeConf(ports: ports, lbd: lbd, sections: sections)
    try stage.launch()
    let child = nginx
    try stage.awaitPool("nginx is up: \(nginx.error)") {
      child.isRunning && $0.allSatisfy { $0.state == .up }
    }
  }

  /// nginx's first process has to end its second by itself.
  deinit {
    nginx.signal(SIGTERM)
    _ = try? nginx.exitStatus()
  }

  private static func writeFiles(_ directory: String) throws {
    let files = FileManager.default
    for (name, mode) in [("www", 0o755), ("www/put", 0o777)] {
      try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
      // nginx's second process is nobody in particular when the test is root.
      try files.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(directory)/\(name)")
    }
    try Data(Peer.letters(size)).write(to: URL(fileURLWithPath: directory + "/www/letters"))
    try Data(Peer.letters(100_000)).write(to: URL(fileURLWithPath: directory + "/www/letters.txt"))
  }

  private static func conf(_ directory: String, _ listens: [String], _ settings: String) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    return """
      worker_processes 1;
      pid nginx.pid;
      events { worker_connections 256; }
      http {
        access_log off;
        \(temporary.map { "\($0)_temp_path \($0);" }.joined(separator: "\n  "))
        types { text/plain txt; }
        sendfile on;
        server {
          \(listens.joined(separator: "\n    "))
          root \(directory)/www;
          location = /health { return 200; }
          location = /turn { return 200 "$connection $connection_requests"; }
          location = /nothing { return 204; }
          location = /unchanged { return 304; }
          location /put/ { dav_methods PUT DELETE; client_max_body_size 10m; }
          \(settings)
        }
      }

      """
  }

  var port: UInt16 { stage.mainPort }
  func connect() throws -> Connection { try stage.connect() }

  /// A connection past lbd.
  func connectDirectly() throws -> Connection { try Connection(port: ports[0]) }

  /// Has nginx read its conf again, and waits until those who served with the old one are gone.
  func reload() throws {
    let old = try workers()
    nginx.signal(SIGHUP)
    try eventually("nginx has new workers\n\(nginx.error)") {
      let now = try workers()
      return !now.isEmpty && Set(now).isDisjoint(with: old)
    }
  }

  private func workers() throws -> [Substring] {
    let path = "/proc/\(nginx.pid)/task/\(nginx.pid)/children"
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")
  }
}
