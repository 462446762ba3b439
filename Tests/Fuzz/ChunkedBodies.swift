// Chunked bodies: cut in any way they come to the same, and what goes on is their normal form.

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  for kind in [Kind(), Kind(isResponse: true), Kind(drops: true)] { requireOne(bytes, kind) }
  return 0
}

/// Whose body it is, and what holds for its trailers.
private struct Kind {
  var isResponse = false
  var drops = false

  var dropped: DroppedFields { DroppedFields(drops ? ["A", "x-client-ip"] : []) }
}

private func requireOne(_ bytes: [UInt8], _ kind: Kind) {
  let framed = Scan(bytes, kind, keepsFraming: true)
  let data = Scan(bytes, kind, keepsFraming: false)
  require(framed.outcome == data.outcome && framed.used == data.used, "two ends of one body")
  require(data.output.count <= framed.output.count, "more data than body")
  requireNoCutMatters(bytes, kind, framed, data)
  requireWaits(bytes, framed)
  requireNormal(framed, data)
  requireReference(bytes, framed, data)
}

/// What came of a body.
private struct Scan: Equatable {
  var outcome = ChunkedOutcome.incomplete
  var used = 0
  var output: [UInt8] = []

  /// What was not used of a batch comes again at the front of the next.
  init(_ bytes: [UInt8], _ kind: Kind = Kind(), cuts: [Int] = [], keepsFraming: Bool) {
    let dropped = kind.dropped
    var scanner = ChunkedScanner(
      keepsFraming: keepsFraming, keepsTrailers: true, isResponse: kind.isResponse)
    for end in cuts + [bytes.count] where outcome == .incomplete {
      var batch = Block(bytes[used..<max(end, used)])
      var span = batch.mutableSpan
      let (outcome, used, kept) = scanner.scan(&span, dropping: dropped)
      require(kept >= 0 && kept <= used && used <= span.count, "\(kept), \(used), \(span.count)")
      for index in 0..<kept { output.append(span[index]) }
      self.outcome = outcome
      self.used += used
    }
  }
}

private func requireNoCutMatters(
  _ bytes: [UInt8], _ kind: Kind, _ framed: Scan, _ data: Scan
) {
  var draw = Draw(from: bytes)
  var ways = [bytes.count > 512 ? draw.cuts(of: bytes.count) : Array(0..<bytes.count)]
  for _ in 0..<4 {
    let count = Int.random(in: 1...4, using: &draw)
    ways.append(
      (0..<count).map { _ in Int.random(in: 0...bytes.count, using: &draw) }.sorted())
  }
  for cuts in ways {
    require(Scan(bytes, kind, cuts: cuts, keepsFraming: true) == framed, "cut at \(cuts)")
    require(Scan(bytes, kind, cuts: cuts, keepsFraming: false) == data, "cut at \(cuts)")
  }
}

/// Of an incomplete body only a zero before a size, or a part of a trailer's line, waits.
private func requireWaits(_ bytes: [UInt8], _ framed: Scan) {
  guard framed.outcome == .incomplete else { return }
  let rest = bytes[framed.used...]
  require(rest.isEmpty || !rest.contains(10), "a whole line waits")
  let isBehindLine = framed.output.isEmpty || framed.output.suffix(2) == [13, 10]
  require(rest.isEmpty || isBehindLine, "data waits")
}

/// What goes on is read by the next as this one was, and needs no change any more.
private func requireNormal(_ framed: Scan, _ data: Scan) {
  let isComplete = framed.outcome == .complete
  let again = Scan(framed.output, keepsFraming: true)
  require(again.outcome == (isComplete ? .complete : .incomplete), "\(again.outcome) the next time")
  // The zero before an extension goes on at once; alone at the end it waits.
  let waiting = framed.output[again.used...]
  require(waiting.isEmpty || !isComplete && waiting == [0x30], "an end before the end")
  require(again.output == framed.output.dropLast(waiting.count), "no normal form")
  require(Scan(framed.output, keepsFraming: false).output == data.output, "other data")
}

/// A reader of RFC 9112 §7.1 in the plainest words, without bounds and without trailers.
private func requireReference(_ bytes: [UInt8], _ framed: Scan, _ data: Scan) {
  guard bytes.count <= 16 << 10 else { return }
  var rest = bytes[...]
  var (output, normal): ([UInt8], [UInt8]) = ([], [])
  while let line = takeLine(&rest) {
    let digits = line.prefix { $0 != 0x3B }
    let size = digits.count > 15 || digits.first == 0x2B ? nil : Int(text(digits), radix: 16)
    guard let size, size >= 0, digits.first != 0x2D, isText(line) else {
      return require(data.outcome == .malformed && data.output == output, "another size line")
    }
    let zeros = digits.prefix { $0 == 0x30 }.count
    normal += digits.dropFirst(min(zeros, digits.count - 1)) + [13, 10] + rest.prefix(size)
    require(framed.output.starts(with: normal), "no normal form")
    if size == 0 { return require(data.output == output, "other data") }
    output += rest.prefix(size)
    guard rest.count >= size + 2 else { break }
    guard rest.dropFirst(size).prefix(2) == [13, 10] else {
      return require(data.outcome == .malformed && data.output == output, "another end")
    }
    normal += [13, 10]
    rest = rest.dropFirst(size + 2)
  }
  require(data.outcome != .complete && data.output == output, "no end: \(data)")
}

/// A line without its end; nil when there is no whole one.
private func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
  guard let end = rest.firstIndex(of: 10) else { return nil }
  let line = rest[..<end]
  rest = rest[(end + 1)...]
  return line.last == 13 ? line.dropLast() : line + [10]
}

private func isText(_ line: ArraySlice<UInt8>) -> Bool {
  line.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
}
