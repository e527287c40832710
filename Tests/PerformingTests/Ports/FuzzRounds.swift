import Foundation

/// How many rounds a fuzz test makes; `GRUPPETTO_FUZZ_ROUNDS` asks for another number.
func fuzzRounds(_ usual: Int) -> Int {
  ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? usual
}
