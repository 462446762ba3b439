// The machine's TCP sockets towards a port, by state: what a client of it holds, as the kernel knows it.

import LinuxIO

enum SocketTable {
  enum State: String {
    case established = "01"
    case timeWait = "06"
  }

  /// How many sockets of this machine are connected to a port of it and in this state.
  static func count(to port: UInt16, _ state: State) throws -> Int {
    let bytes = try Files.read("/proc/net/tcp", limit: 64 << 20)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").count { line in
      let fields = line.split(separator: " ")
      return fields.count > 3 && fields[3] == state.rawValue
        && UInt16(fields[2].suffix(4), radix: 16) == port
    }
  }
}
