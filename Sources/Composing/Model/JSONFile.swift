internal import Groundwork

/// JSON files whose content is checked: no setting missing, none unknown, each of its type.
enum JSONFile {
  /// Reads a value.
  /// - Throws: `ComposingError`: the file cannot be read, is no JSON, or does not describe a `Value`.
  static func read<Value: Codable>(_ type: Value.Type, path: String) throws(ComposingError) -> Value {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw .file(error) }
    do {
      let value = try JSONFormat.decode(type, from: bytes)
      let given = try JSONFormat.decode(JSONKeys.self, from: bytes)
      let known = try JSONFormat.decode(JSONKeys.self, from: JSONFormat.encode(value))
      if let name = given.firstKey(missingFrom: known) {
        throw ComposingError.malformed(path: path, reason: "it has the unknown setting '\(name)'")
      }
      return value
    } catch let error as ComposingError {
      throw error
    } catch let error as DecodingError {
      throw .malformed(path: path, reason: describe(error))
    } catch {
      throw .malformed(path: path, reason: "it is not JSON")
    }
  }

  /// Writes a value in place of the file, atomically.
  static func write(_ value: some Encodable, path: String) throws(ComposingError) {
    let bytes: [UInt8]
    do {
      bytes = try JSONFormat.encode(value)
    } catch {
      throw .malformed(path: path, reason: "it would hold a number that JSON has no words for")
    }
    do { try replaceFile(at: path, with: bytes) } catch { throw .file(error) }
  }

  private static func describe(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "the setting '\(name(context.codingPath + [key]))' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.isEmpty
        ? "it is not an object of settings"
        : "the setting '\(name(context.codingPath))' has a value of the wrong type"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not JSON" : "the setting '\(name(context.codingPath))': \(context.debugDescription)"
    @unknown default:
      "it is not what it should be"
    }
  }

  private static func name(_ path: [any CodingKey]) -> String {
    path.map(\.stringValue).joined(separator: ".")
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
