// PROXY headers: read the same in any pieces, and what lbd writes is read as it was meant.

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  requireSteady(bytes, undecided: .incomplete, end: end) { ProxyHeader.parse($0) }
  let block = Block(bytes)
  if case .complete(let length, let source) = ProxyHeader.parse(block.span) {
    requireSource(source, in: bytes, length)
  }
  requireBlock(bytes)
  requireLine(bytes)
  return 0
}

private func end(_ outcome: ProxyHeaderOutcome) -> Int? {
  if case .complete(let length, _) = outcome { length } else { nil }
}

/// The client that a header names stands in it, is an address of its family, and goes on.
private func requireSource(_ source: ProxySource, in bytes: [UInt8], _ length: Int) {
  switch source {
  case .proxy, .unknown: break
  case .binary(let range, let port):
    require(range.count == 4 || range.count == 16, "an address of \(range.count) bytes")
    require(range.lowerBound == 16 && range.upperBound + 4 <= length, "an address at \(range)")
    let isSame =
      parse(block(Array(bytes[range]), port))
      == .complete(
        length: 16 + 2 * range.count + 4, source)
    require(isSame, "a block that is read in another way")
  case .text(let range, let destination, let port):
    require(destination.lowerBound == range.upperBound + 1, "a destination at \(destination)")
    require(range.lowerBound == 11 && range.upperBound + 2 < length, "an address at \(range)")
    require(!bytes[range].contains { $0 <= 32 || $0 >= 127 }, "an address of other bytes")
    // What is longer is no address; its reader refuses it.
    let limit = bytes[range].contains(ByteClass.colon) ? 39 : 15
    if range.count <= limit { requireLine(Array(bytes[range]), port) }
  }
}

private func parse(_ bytes: [UInt8]) -> ProxyHeaderOutcome {
  let block = Block(bytes)
  return ProxyHeader.parse(block.span)
}

// MARK: Version 2

private func block(_ address: [UInt8], _ port: UInt16) -> [UInt8] {
  var writer = ByteWriter(capacity: 128)
  let destination = Array(address.reversed())
  ProxyHeader.write(v2: address.span, destination.span, ports: (port, 80), to: &writer)
  require(!writer.isOverfull, "overfull")
  let written = writer.bytes
  return bytes(written, written.indices)
}

/// Any address goes on, and comes back.
private func requireBlock(_ bytes: [UInt8]) {
  for size in [4, 16] where bytes.count >= size + 2 {
    let port = UInt16(bytes[size]) << 8 | UInt16(bytes[size + 1])
    let written = block(Array(bytes.prefix(size)), port)
    let wanted = ProxyHeaderOutcome.complete(
      length: written.count, .binary(16..<16 + size, port: port))
    require(parse(written) == wanted, "a block that is read in another way")
    require(written[16..<16 + size] == bytes[..<size], "another address")
  }
}

// MARK: Version 1

/// The first bytes as addresses in text.
private func requireLine(_ bytes: [UInt8]) {
  guard bytes.count >= 18 else { return }
  let port = UInt16(bytes[16]) << 8 | UInt16(bytes[17])
  let four = bytes.prefix(4).map { "\($0)" }.joined(separator: ".")
  let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
  let sixteen = groups.map { String($0, radix: 16) }.joined(separator: ":")
  for address in [four, sixteen] { requireLine(Array(address.utf8), port) }
}

private func requireLine(_ address: [UInt8], _ port: UInt16) {
  for other in ["10.0.0.1", "2001:db8:1111:2222:3333:4444:5555:6666"] {
    let destination = Array(other.utf8)
    var writer = ByteWriter(capacity: 256)
    ProxyHeader.write(v1: address.span, destination.span, ports: (port, 65535), to: &writer)
    let span = writer.bytes
    let written = bytes(span, span.indices)
    let isMapped = other.contains(":") && !address.contains(ByteClass.colon)
    let wanted = (isMapped ? Array("::ffff:".utf8) : []) + address
    let isOtherMapped = address.contains(ByteClass.colon) && !other.contains(":")
    let start = 12 + wanted.count
    let end = start + other.utf8.count + (isOtherMapped ? 7 : 0)
    let outcome = ProxyHeaderOutcome.complete(
      length: written.count, .text(11..<start - 1, to: start..<end, port: port))
    require(parse(written) == outcome, "\(parse(written)) of \(text(written))")
    require(Array(written[11..<11 + wanted.count]) == wanted, "another address")
  }
}
