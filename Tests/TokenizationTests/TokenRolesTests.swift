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
