// What the targets share: the fuzzer's bytes, blocks that end where the bytes do, cut points, and the
// check that ends a run.

/// A heap block of exactly the bytes that it was given: a read behind them is an error that the
/// address sanitizer sees.
@safe
struct Block: ~Copyable {
  private let block: UnsafeMutableBufferPointer<UInt8>

  init(_ bytes: some Collection<UInt8>) {
    // Safe: all of the block is initialised before anything reads it.
    unsafe block = .allocate(capacity: bytes.count)
    _ = unsafe block.initialize(from: bytes)
  }

  deinit {
    // Safe: this is the only holder, and bytes need no deinitialisation.
    unsafe block.deallocate()
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // Safe: all bytes are initialised, and the span is tied to this borrow.
      unsafe _overrideLifetime(Span(_unsafeElements: block), borrowing: self)
    }
  }

  var mutableSpan: MutableSpan<UInt8> {
    @_lifetime(&self)
    mutating get {
      // Safe: the same, and the borrow is exclusive.
      unsafe _overrideLifetime(MutableSpan(_unsafeElements: block), mutating: &self)
    }
  }
}

/// The fuzzer's bytes.
@unsafe
func input(_ start: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
  unsafe Array(UnsafeBufferPointer(start: start, count: count))
}

/// Ends the run, with the reason, unless the property holds.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
  if !holds { fatalError(what()) }
}

/// The bytes of a part.
func bytes(_ span: Span<UInt8>, _ range: Range<Int>) -> [UInt8] { range.map { span[$0] } }

func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// Numbers drawn from an input, the same whenever it comes again: its seed is the input's FNV-1a.
struct Draw: RandomNumberGenerator {
  private var numbers: Seeded

  init(from bytes: [UInt8]) {
    var seed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
    numbers = Seeded(seed)
  }

  mutating func next() -> UInt64 { numbers.next() }

  /// Cut points in order, ends included: every one of a short input, a few of a long one.
  mutating func cuts(of count: Int) -> [Int] {
    guard count > 128 else { return Array(0...count) }
    return ((0..<32).map { _ in Int.random(in: 0...count, using: &self) } + [0, count]).sorted()
  }
}

/// Checks that a reader of prefixes makes up its mind once: `undecided` up to some point, and from
/// there on what it says of the whole. Where the whole ends at `end`, that point is `end`.
func requireSteady<Verdict: Equatable>(
  _ bytes: [UInt8], undecided: Verdict, end: (Verdict) -> Int?, _ judge: (Span<UInt8>) -> Verdict
) {
  let block = Block(bytes)
  let whole = judge(block.span)
  let end = end(whole)
  if let end { require(end > 0 && end <= bytes.count, "ends at \(end) of \(bytes.count) bytes") }
  var draw = Draw(from: bytes)
  let cuts = draw.cuts(of: bytes.count) + (end.map { [$0 - 1, $0] } ?? [])
  var last = undecided
  for count in cuts.sorted() {
    let prefix = Block(bytes.prefix(count))
    let verdict = judge(prefix.span)
    require(
      verdict == whole || verdict == undecided && last == undecided,
      "\(verdict) after \(count) bytes, \(last) before, \(whole) in the end")
    if let end { require((verdict == whole) == (count >= end), "\(verdict) after \(count)") }
    last = verdict
  }
}
