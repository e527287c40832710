/// A language's words and the ids that stand for them; one more id ends a sentence.
struct Words {
  let words: [String]
  var endID: Int32 { Int32(words.count - 1) }

  /// The words of the numbers that a function spells.
  init(of spell: (Int) -> [String]) {
    let numbers = Array(1...120) + [200, 1000, 2000]
    words = Set(numbers.flatMap(spell)).sorted() + ["."]
  }

  func ids(_ text: [String]) -> [Int32] { text.compactMap { words.firstIndex(of: $0) }.map(Int32.init) }
  func words(_ ids: [Int32]) -> [String] { ids.map { words[Int($0)] } }
}

private let englishSmall = [
  "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
  "thirteen",
  "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
private let englishTens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

/// A number from 1 to 999,999: 21 is "twenty one".
func englishNumber(_ n: Int) -> [String] {
  switch n {
  case 0: []
  case ..<20: [englishSmall[n - 1]]
  case ..<100: [englishTens[n / 10 - 2]] + englishNumber(n % 10)
  case ..<1000:
    [englishSmall[n / 100 - 1], "hundred"] + (n % 100 > 0 ? ["and"] : []) + englishNumber(n % 100)
  default: englishNumber(n / 1000) + ["thousand"] + englishNumber(n % 1000)
  }
}

private let germanSmall = [
  "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
  "dreizehn",
  "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
]
private let germanTens = [
  "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
]

/// A number from 1 to 999,999: 21 is "ein und zwanzig", with the units first, and 1 at the end is "eins".
func germanNumber(_ n: Int) -> [String] { n % 100 == 1 ? germanPart(n).dropLast() + ["eins"] : germanPart(n) }

private func germanPart(_ n: Int) -> [String] {
  switch n {
  case 0: []
  case ..<20: [germanSmall[n - 1]]
  case ..<100: germanPart(n % 10) + (n % 10 > 0 ? ["und"] : []) + [germanTens[n / 10 - 2]]
  case ..<1000: [germanSmall[n / 100 - 1], "hundert"] + germanPart(n % 100)
  default: germanPart(n / 1000) + ["tausend"] + germanPart(n % 1000)
  }
}
