internal import FoundationEssentials

/// Any JSON value, for objects whose errors are reported by file, instrument and key.
enum JSONValue: Decodable, Equatable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      var members: [String: JSONValue] = [:]
      for key in container.allKeys { members[key.stringValue] = try container.decode(Self.self, forKey: key) }
      self = .object(members)
      return
    }
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .string(text)
    } else if let elements = try? container.decode([JSONValue].self) {
      self = .array(elements)
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else {
      self = .null
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

/// A JSON object that is being read: it knows its place, and checks each value against its range.
struct JSONObject {
  let file: String
  let instrument: String
  /// The way here from the instrument, as `layers[0].filter`; empty at the instrument itself.
  let path: String
  let members: [String: JSONValue]

  func error(_ key: String, _ reason: String) -> InstrumentError {
    .invalid(file: file, instrument: instrument, key: place(of: key), reason: reason)
  }

  private func place(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Refuses unknown keys: a misspelled one would otherwise be ignored silently.
  func allowOnly(_ keys: [String]) throws(InstrumentError) {
    for key in members.keys.sorted() where !keys.contains(key) {
      throw error(key, "there is no such key; allowed are \(keys.sorted().joined(separator: ", "))")
    }
  }

  func has(_ key: String) -> Bool { members[key] != nil }

  func number(
    _ key: String, in range: ClosedRange<Float>, default standard: Float? = nil
  ) throws(InstrumentError) -> Float {
    guard let value = members[key] else {
      guard let standard else { throw error(key, "is missing") }
      return standard
    }
    guard case .number(let number) = value else { throw error(key, "must be a number") }
    return try checked(Float(number), key, range)
  }

  func integer(
    _ key: String, in range: ClosedRange<Int>, default standard: Int
  ) throws(InstrumentError) -> Int {
    guard let value = members[key] else { return standard }
    guard case .number(let number) = value, let integer = Int(exactly: number), range.contains(integer) else {
      throw error(key, "must be a whole number in \(range.lowerBound)...\(range.upperBound)")
    }
    return integer
  }

  func integers(_ key: String, in range: ClosedRange<Int>) throws(InstrumentError) -> [Int] {
    var integers: [Int] = []
    for number in try numbers(key, in: Float(range.lowerBound)...Float(range.upperBound), default: []) {
      guard let integer = Int(exactly: number) else { throw error(key, "must hold whole numbers") }
      integers.append(integer)
    }
    return integers
  }

  func numbers(
    _ key: String, in range: ClosedRange<Float>, default standard: [Float]? = nil
  ) throws(InstrumentError) -> [Float] {
    guard let value = members[key] else {
      guard let standard else { throw error(key, "is missing") }
      return standard
    }
    guard case .array(let elements) = value else { throw error(key, "must be an array of numbers") }
    var numbers: [Float] = []
    for (index, element) in elements.enumerated() {
      guard case .number(let number) = element else { throw error("\(key)[\(index)]", "must be a number") }
      numbers.append(try checked(Float(number), "\(key)[\(index)]", range))
    }
    return numbers
  }

  private func checked(
    _ number: Float, _ key: String, _ range: ClosedRange<Float>
  ) throws(InstrumentError) -> Float {
    guard range.contains(number) else {
      throw error(key, "\(number) is outside \(range.lowerBound)...\(range.upperBound)")
    }
    return number
  }

  func boolean(_ key: String, default standard: Bool) throws(InstrumentError) -> Bool {
    guard let value = members[key] else { return standard }
    guard case .boolean(let boolean) = value else { throw error(key, "must be true or false") }
    return boolean
  }

  func text(_ key: String) throws(InstrumentError) -> String {
    guard let value = members[key] else { throw error(key, "is missing") }
    guard case .string(let text) = value, !text.isEmpty else { throw error(key, "must be a non-empty text") }
    return text
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, default standard: Choice
  ) throws(InstrumentError) -> Choice {
    guard has(key) else { return standard }
    let name = try text(key)
    guard let choice = Choice(rawValue: name) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw error(key, "“\(name)” is not one of \(names)")
    }
    return choice
  }

  func object(_ key: String) throws(InstrumentError) -> JSONObject? {
    guard let value = members[key] else { return nil }
    guard case .object(let members) = value else { throw error(key, "must be an object") }
    return JSONObject(file: file, instrument: instrument, path: place(of: key), members: members)
  }

  func objects(_ key: String) throws(InstrumentError) -> [JSONObject] {
    guard case .array(let elements)? = members[key] else { throw error(key, "must be an array of objects") }
    var objects: [JSONObject] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let members) = element else { throw error("\(key)[\(index)]", "must be an object") }
      objects.append(
        JSONObject(file: file, instrument: instrument, path: place(of: "\(key)[\(index)]"), members: members))
    }
    return objects
  }
}
