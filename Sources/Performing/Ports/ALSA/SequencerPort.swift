/// A port of ALSA's sequencer, as `aconnect -l` shows it.
package struct SequencerPort: Sendable, Hashable {
  /// The number of the client that it belongs to.
  package var client: Int
  /// That client's name.
  package var clientName: String
  /// Its number among the client's ports.
  package var port: Int
  /// Its own name.
  package var portName: String
  /// Whether other clients may listen to it.
  package var canSend: Bool
  /// Whether other clients may send to it.
  package var canReceive: Bool

  /// A port as given.
  package init(
    client: Int, clientName: String, port: Int, portName: String, canSend: Bool, canReceive: Bool
  ) {
    self.client = client
    self.clientName = clientName
    self.port = port
    self.portName = portName
    self.canSend = canSend
    self.canReceive = canReceive
  }

  /// A name by which it is found, for lists.
  package var label: String { "\(clientName):\(port)" }
}

extension [SequencerPort] {
  /// The ports that a name means, in their order. What is exact goes before what is only a beginning, and clients' names before those of
  /// ports.
  /// - Parameter name: `20` or `20:0`, a client's name, a client's name with a number or name of a port (`Launchkey:1`, `gruppetto:out`), the
  ///   beginning of any of these in small or capital letters, or a port's own name.
  package func named(_ name: String) -> [SequencerPort] {
    let whole = name.lowercased()
    let parts = Self.split(name)
    let (client, port) = (parts.client.lowercased(), parts.port?.lowercased())
    func isPort(_ candidate: SequencerPort, _ matches: (String, String) -> Bool) -> Bool {
      guard let port else { return true }
      return Int(port).map { candidate.port == $0 } ?? matches(candidate.portName.lowercased(), port)
    }
    let ways: [(SequencerPort) -> Bool] = [
      { candidate in Int(client).map { candidate.client == $0 } ?? false && isPort(candidate, ==) },
      { $0.clientName == name },
      { $0.clientName == parts.client && isPort($0, ==) },
      { $0.clientName.lowercased() == client && isPort($0, ==) },
      { $0.portName == name },
      { $0.clientName.lowercased().hasPrefix(whole) },
      { $0.clientName.lowercased().hasPrefix(client) && isPort($0) { $0.hasPrefix($1) } },
      { $0.portName.lowercased().hasPrefix(whole) },
    ]
    guard !client.isEmpty else { return [] }
    return ways.lazy.map { filter($0) }.first { !$0.isEmpty } ?? []
  }

  /// What stands before and after the last colon; for numbers also after a point, as ALSA's tools take them.
  private static func split(_ name: String) -> (client: String, port: String?) {
    if let colon = name.lastIndex(of: ":") {
      return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
    if let point = name.firstIndex(of: "."), Int(name[..<point]) != nil,
      Int(name[name.index(after: point)...]) != nil
    {
      return (String(name[..<point]), String(name[name.index(after: point)...]))
    }
    return (name, nil)
  }

  /// A client's name that no client has yet: the name itself, or with a number from 2 on.
  /// - Parameters:
  ///   - name: the wanted name.
  ///   - taken: the names of the clients that there are.
  package static func freeName(_ name: String, among taken: some Sequence<String>) -> String {
    let taken = Set(taken)
    var (result, number) = (name, 1)
    while taken.contains(result) {
      number += 1
      result = "\(name)-\(number)"
    }
    return result
  }
}
