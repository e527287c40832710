import Foundation
import TestSupport
import Testing

@Suite struct ManualTests {
  @Test(
    "The manual page is what the help says",
    .enabled(if: Program.isOnPath("python3"), "skipped: python3, which writes the page, is absent"))
  func theManualPageIsWhatTheHelpSays() throws {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let outcome = try Program(path: "/usr/bin/env").run(
      ["python3", checkout.appending(path: "Scripts/manual").path, Program().path, "--check"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }
}
