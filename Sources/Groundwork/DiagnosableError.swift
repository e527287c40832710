/// What went wrong in the terms of a caller: whose fault it is and what can be done.
///
/// The command line turns each case into an exit code of `sysexits.h`.
public enum FailureKind: String, Sendable, CaseIterable {
  /// A usage error: an invalid option, a value, a combination (exit code 64).
  case usage
  /// The input was read and is not what it should be (65).
  case badInput
  /// The input is not there or may not be read (66).
  case missingInput
  /// Our own fault (70).
  case internalFault
  /// The output cannot be written, or a device cannot be opened (73).
  case cannotWrite
  /// The user stopped it (130).
  case interrupted

  /// What a program ends with.
  package var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .badInput: 65
    case .missingInput: 66
    case .internalFault: 70
    case .cannotWrite: 73
    case .interrupted: 130
    }
  }
}

/// An error that can explain itself to a musician: what was wrong, where, and what to do.
public protocol DiagnosableError: Error, CustomStringConvertible {
  /// Whose fault it is.
  var kind: FailureKind { get }
  /// One or two sentences that name the thing, the fault and, where there is one, the remedy.
  var message: String { get }
  /// The path of the file that it is about, if it is about one.
  var file: String? { get }
  /// The byte offset in that file, if known.
  var offset: Int? { get }
  /// What was wrong, without what to do about it, if `remedies` has that.
  var problem: String { get }
  /// What can be done about it, of which `message` tells in a library's words and a program in its own.
  var remedies: [Remedy] { get }
  /// The setting that is invalid, if that is what is wrong.
  var setting: InvalidSetting? { get }
}

/// A setting that is invalid, by the name that it has in a library and in a file of settings.
public struct InvalidSetting: Sendable, Hashable {
  /// Its name, such as `learningRate`.
  public var name: String
  /// The value that it has.
  public var value: String
  /// What it should be, in words.
  public var expected: String

  /// A setting of this name.
  public init(name: String, value: String, expected: String) {
    self.name = name
    self.value = value
    self.expected = expected
  }
}

/// Something that can be done about an error: a fact, of which a program makes words that its users know.
public enum Remedy: Sendable, Hashable {
  /// Go on with the training of the model at the path.
  case resume(path: String)
  /// Replace the model that is there.
  case overwrite
  /// Work in another folder.
  case chooseAnotherFolder
  /// Train a model.
  case train
  /// Build a corpus.
  case buildCorpus
  /// Give a setting a higher value.
  case raise(setting: String)
  /// Give a setting a value below this one.
  case lower(setting: String, below: String)
  /// Give a setting this value.
  case set(setting: String, to: String)
  /// Play through another sound device.
  case chooseDevice
  /// Write a sound file rather than play.
  case writeSoundFile

  /// The remedy in the words of a library.
  public var words: String {
    switch self {
    case .resume: "resume its training"
    case .overwrite: "replace it with a new training"
    case .chooseAnotherFolder: "choose another folder"
    case .train: "train a model first"
    case .buildCorpus: "build a corpus first"
    case .raise(let setting): "raise \(setting)"
    case .lower(let setting, let value): "choose a lower \(setting) than \(value)"
    case .set(let setting, let value): "set \(setting) to \(value)"
    case .chooseDevice: "choose another sound device"
    case .writeSoundFile: "write the sound to a file"
    }
  }
}

extension DiagnosableError {
  /// By default no file is named.
  public var file: String? { nil }
  /// By default the whole message.
  public var problem: String { message }
  /// By default none.
  public var remedies: [Remedy] { [] }
  /// By default none.
  public var setting: InvalidSetting? { nil }
  /// By default no offset is named.
  public var offset: Int? { nil }
  /// The problem with its remedies in the words of a library: a `message` for errors that have remedies.
  package var problemWithRemedies: String {
    remedies.isEmpty ? problem : problem + "; " + remedies.map(\.words).joined(separator: " or ")
  }
  /// The message itself.
  public var description: String { message }
}
