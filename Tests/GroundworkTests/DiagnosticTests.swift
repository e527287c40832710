import Groundwork
import Testing

@Suite("Diagnostics")
struct DiagnosticTests {
  @Test("A sink keeps a few of each rule, says so with the last, and counts all")
  func sinkLimitsEachRule() {
    var sink = DiagnosticSink(limit: 3)
    for index in 0..<10 {
      sink.report(Diagnostic(rule: "a", offset: index, message: "a\(index)"))
      if index < 2 { sink.report(Diagnostic(rule: "b", severity: .damage, message: "b")) }
    }
    #expect(
      sink.diagnostics.map(\.message) == [
        "a0", "b", "a1", "b", "a2 (further ones of this kind are not listed)",
      ])
    #expect(sink.count(of: "a") == 10 && sink.count(of: "b") == 2 && sink.totalCount == 12)
    #expect(sink.hasDamage && sink.damage.count == 2)
  }

  @Test("Damage is kept beside many faults of the same rule")
  func damageIsNotCrowdedOut() {
    var sink = DiagnosticSink()
    for _ in 0..<100 { sink.report(Diagnostic(rule: "a", message: "")) }
    sink.report(Diagnostic(rule: "a", severity: .damage, message: "gone"))
    #expect(sink.damage.map(\.message) == ["gone"])
  }

  @Test("Sinks that are merged keep what both have, within the capacity")
  func merging() {
    var all = DiagnosticSink()
    for index in 0..<1_000 {
      var sink = DiagnosticSink(limit: 100)
      for _ in 0..<200 { sink.report(Diagnostic(rule: "abc", line: index + 1, message: "")) }
      all.merge(sink)
    }
    #expect(all.diagnostics.count == DiagnosticSink.capacity)
    #expect(all.totalCount == 200_000)
    #expect(all.diagnostics.first?.line == 1)
  }

  @Test("A diagnostic says where it is in the terms of its file")
  func places() {
    #expect("\(Diagnostic(rule: "a", offset: 12, message: "odd"))" == "byte 12: odd")
    #expect("\(Diagnostic(rule: "a", line: 3, column: 7, message: "odd"))" == "line 3, column 7: odd")
    #expect("\(Diagnostic(rule: "a", message: "odd"))" == "odd")
  }
}
