/// JSON files whose content is checked: not too large, no setting missing, none unknown, each of its type.
package enum JSONFile {
  /// What is wrong with a file.
  package enum Failure: Error {
    /// It cannot be read.
    case file(FileError)
    /// It does not hold what it should; `reason` describes the problem.
    case malformed(path: String, reason: String)
  }

  /// Reads a value that knows all its settings.
  /// - Parameter limit: how many bytes are read at most.
  package static func read<Value: Codable>(
    _ type: Value.Type, path: String, limit: Int = SizeLimit.settings
  ) throws(Failure) -> Value {
    let bytes = try content(of: path, limit: limit)
    let value = try decode(type, from: bytes, path: path)
    if let name = firstUnknownKey(of: bytes, in: value) {
      throw .malformed(path: path, reason: "it has the unknown setting '\(name)'")
    }
    return value
  }

  /// The bytes of a file, for who decodes them.
  /// - Parameter limit: how many are read at most.
  package static func content(of path: String, limit: Int = SizeLimit.settings) throws(Failure) -> [UInt8] {
    do throws(FileError) {
      return try readFile(path, limit: limit)
    } catch .tooLarge {
      throw .malformed(
        path: path, reason: "it has more than \(limit.grouped) bytes, too many for such a file")
    } catch {
      throw .file(error)
    }
  }

  /// The value that the bytes of a file describe; what else they hold is passed over.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], path: String
  ) throws(Failure) -> Value {
    do {
      return try JSONFormat.decode(type, from: bytes)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      throw .malformed(path: path, reason: fault(in: bytes))
    } catch {
      throw .malformed(path: path, reason: reason(of: error))
    }
  }

  /// Why a decoder finds no JSON in a file. It says the same of a number that does not fit into the type of its setting.
  private static func fault(in bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "it is empty" }
    guard (try? JSONFormat.decode(JSONKeys.self, from: bytes)) != nil else { return "it is not JSON" }
    return "a number in it is negative, fractional or too large for its setting"
  }

  /// Writes a value in place of the file, atomically.
  package static func write(_ value: some Encodable, path: String) throws(Failure) {
    let bytes: [UInt8]
    do {
      bytes = try JSONFormat.encode(value)
    } catch {
      throw .malformed(path: path, reason: "it has a number that JSON cannot represent, such as infinity")
    }
    do { try replaceFile(at: path, with: bytes) } catch { throw .file(error) }
  }

  /// Why something is not the JSON that it should be, in words.
  package static func reason(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(setting(context.codingPath + [key])) is missing"
    case DecodingError.typeMismatch(let type, let context) where context.codingPath.isEmpty:
      type == [Any].self ? "it is not a list" : "it is not a JSON object of settings"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\(setting(context.codingPath)) has a value of the wrong type"
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not JSON" : "\(setting(context.codingPath)): \(context.debugDescription)"
    default:
      (error as? any DiagnosableError)?.message ?? "it is not JSON"
    }
  }

  /// What a message calls the value at `path`; of a list as a whole it names the entry, from 1.
  private static func setting(_ path: [any CodingKey]) -> String {
    guard let entry = path.first?.intValue else { return "the setting '\(name(path))'" }
    return "entry \(entry + 1)" + (path.count > 1 ? ": the setting '\(name(path.dropFirst()))'" : "")
  }

  private static func name(_ path: some Sequence<any CodingKey>) -> String {
    path.map { $0.intValue.map { "\($0 + 1)" } ?? $0.stringValue }.joined(separator: ".")
  }

  /// The path of the first key that some JSON has and a value that was read from it has not; nil if there is none.
  package static func firstUnknownKey(of bytes: [UInt8], in value: some Encodable) -> String? {
    guard let given = try? JSONFormat.decode(JSONKeys.self, from: bytes),
      let known = try? JSONFormat.decode(JSONKeys.self, from: JSONFormat.encode(value))
    else { return nil }
    return given.firstKey(missingFrom: known)
  }
}

/// The keys of nested JSON objects, without their values.
private struct JSONKeys: Decodable {
  var children: [String: JSONKeys] = [:]

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: Key.self) else { return }
    for key in container.allKeys where try !container.decodeNil(forKey: key) {
      children[key.stringValue] = try container.decode(JSONKeys.self, forKey: key)
    }
  }

  /// The path of the first key, in alphabetical order, that `other` has not.
  func firstKey(missingFrom other: JSONKeys) -> String? {
    for (key, child) in children.sorted(by: { $0.key < $1.key }) {
      guard let match = other.children[key] else { return key }
      if let rest = child.firstKey(missingFrom: match) { return "\(key).\(rest)" }
    }
    return nil
  }
}
