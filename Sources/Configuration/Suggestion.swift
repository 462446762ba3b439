/// The word that was probably meant.

/// The nearest of `words`, if it is near enough for its length; the first of equals.
func nearest(to text: String, among words: some Sequence<String>) -> String? {
  let length = text.utf8.count
  guard (1...64).contains(length) else { return nil }
  let reach = length <= 3 ? 1 : length <= 8 ? 2 : 3
  let ranked = words.map { (word: $0, distance: distance(Array(text.utf8), Array($0.utf8))) }
  let best = ranked.min { $0.distance < $1.distance }
  return best.flatMap { $0.distance <= reach ? $0.word : nil }
}

/// How many bytes to insert, drop, change or swap with their neighbour (optimal string alignment).
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var before: [Int] = []
  var above = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    for column in right.indices {
      let change = above[column] + (left[row] == right[column] ? 0 : 1)
      var cost = min(change, above[column + 1] + 1, current[column] + 1)
      let isSwap =
        row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
      if isSwap { cost = min(cost, before[column - 1] + 1) }
      current.append(cost)
    }
    (before, above) = (above, current)
  }
  return above[right.count]
}
