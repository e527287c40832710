import Testing
import Tokenization

@Suite struct TokenRolesTests {
  @Test("REMI's ids have the roles that their names say") func remisIDsHaveTheRolesThatTheirNamesSay() throws
  {
    let expected: [String: TokenRole] = [
      "PAD": .padding, "BOS": .beginning, "EOS": .end, "Bar": .barLine, "TimeSig": .timeSignature,
      "Position": .position, "Tempo": .tempo, "Program": .instrument, "Pitch": .pitch, "PitchDrum": .pitch,
      "Velocity": .loudness, "Duration": .duration,
    ]
    for configuration in TestConfigurations.all {
      let vocabulary = try REMITokenizer(configuration: configuration).vocabulary
      let roles = vocabulary.roles
      for (id, token) in vocabulary.tokens.enumerated() {
        #expect(roles[Int32(id)] == expected[String(token.prefix { $0 != "_" })], "\(token)")
      }
      #expect(roles.beginning == vocabulary.id(of: "BOS_None") && roles.end == vocabulary.id(of: "EOS_None"))
      #expect(roles.padding == vocabulary.id(of: "PAD_None") && roles.hasBars)
      #expect(roles.barLines == [try #require(vocabulary.id(of: "Bar_None"))])
      #expect(
        roles.ids(of: .special)
          == [roles.padding, roles.beginning, roles.end].compactMap { $0 }.sorted())
      #expect(roles[-1].isEmpty && roles[Int32(vocabulary.count)].isEmpty)
    }
  }

  @Test("REMI's ids say the values that their names say") func remisIDsSayTheValuesThatTheirNamesSay() throws
  {
    for configuration in TestConfigurations.all {
      let vocabulary = try REMITokenizer(configuration: configuration).vocabulary
      for (id, token) in vocabulary.tokens.enumerated() {
        let parts = token.split(separator: "_", maxSplits: 1).map(String.init)
        let values = vocabulary.roles.values(of: Int32(id))
        let said: String? =
          switch values.first {
          case nil: nil
          case .pitch(let pitch): "Pitch_\(pitch)"
          case .drum(let drum): "PitchDrum_\(drum)"
          case .instrument(let program): "Program_\(program ?? -1)"
          case .velocity(let velocity): "Velocity_\(velocity)"
          case .duration(let time):
            "Duration_\(time.steps / time.stepsPerQuarter).\(time.steps % time.stepsPerQuarter).\(time.stepsPerQuarter)"
          case .position(let time): "Position_\(time.steps)"
          case .tempo(let microseconds):
            abs(6e7 / Double(microseconds) - (Double(parts[1]) ?? 0)) < 1e-3 ? token : "Tempo_?"
          case .timeSignature(let signature): "TimeSig_\(signature)"
          case .advance, .pitchInKey, .key, .repetition: "?"
          }
        #expect(said == (["PAD", "BOS", "EOS", "Bar"].contains(parts[0]) ? nil : token) && values.count < 2)
      }
      #expect(vocabulary.roles.values(of: -1).isEmpty)
      #expect(vocabulary.roles.values(of: Int32(vocabulary.count)).isEmpty)
    }
  }

  @Test(
    "Roles without one beginning and one end are refused",
    arguments: [
      [], [.beginning], [.beginning, .beginning, .end], [.beginning, .end, .end],
      [.beginning, .end, .padding, .padding], [[.beginning, .pitch], .end],
    ] as [[TokenRole]])
  func rolesWithoutOneBeginningAndOneEndAreRefused(roles: [TokenRole]) {
    #expect(throws: TokenizationError.self) { try TokenRoles(roles) }
    let tokens = roles.indices.map { "\($0)" }
    #expect(throws: TokenizationError.self) {
      try Vocabulary(configuration: REMIConfiguration(), tokens: tokens, roles: roles)
    }
  }

  @Test("There is a list of values for each role, or none") func thereIsAListOfValuesForEachRole() throws {
    #expect(throws: TokenizationError.self) { try TokenRoles([.beginning, .end, .pitch], values: [[]]) }
    let silent = try TokenRoles([.beginning, .end, .pitch])
    #expect(silent.values(of: 2).isEmpty && silent.ids { _ in true } == [])
  }

  @Test("A vocabulary says each token once and has a role for each")
  func aVocabularySaysEachTokenOnceAndHasARoleForEach() {
    let roles: [TokenRole] = [.beginning, .end, .pitch, .pitch]
    for tokens in [["a", "b", "c", "c"], ["a", "b", "c"]] {
      #expect(throws: TokenizationError.self) {
        try Vocabulary(configuration: REMIConfiguration(), tokens: tokens, roles: roles)
      }
    }
  }
}
