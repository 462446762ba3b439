/// What came of reading one value: the value, or why not and what to write instead.
enum Reading<Value> {
  case value(Value)
  case refused(Refusal)

  static func refused(_ why: String, offset: Int = 0) -> Reading {
    .refused(Refusal(why: why, offset: offset))
  }

  func map<Other>(_ transform: (Value) -> Other) -> Reading<Other> {
    switch self {
    case .value(let value): .value(transform(value))
    case .refused(let refusal): .refused(refusal)
    }
  }
}

/// Why a value is refused.
struct Refusal {
  /// What is wrong, and behind a comma what to write.
  let why: String
  /// Of the part that is wrong, in bytes from the value's first.
  var offset = 0
}
