internal import Foundation

/// A key that was pressed.
enum TerminalKey: Hashable {
  case character(Character)
  case left, right, up, down
  case enter, escape
}

/// The keyboard, key by key: the terminal at standard input without line editing and echo, while this is in use.
///
/// The terminal gets its own settings back however the program ends: at its end, by `exit`, when it is interrupted or stopped
/// (Ctrl-Z, Ctrl-\), which `Interruption` and the handlers here see to. Signals of the keyboard work as ever. A process in the
/// background leaves the terminal alone, and takes the keyboard when it comes to the foreground again.
final class TerminalKeys {
  private var bytes: [UInt8] = []
  /// When the last byte came: an escape sequence that does not go on is the key itself.
  private var last = ContinuousClock.now

  /// Takes the keyboard; nil where standard input is no terminal, or the program is in the background.
  init?() {
    guard isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp(), TerminalMode.enter() else {
      return nil
    }
  }

  deinit { TerminalMode.leave() }

  /// The next key that was pressed; nil if there is none.
  func next() -> TerminalKey? {
    guard TerminalMode.renew() else { return nil }
    fill()
    guard let (key, count) = Self.key(at: bytes[...], isWhole: ContinuousClock.now - last > .milliseconds(50))
    else { return nil }
    bytes.removeFirst(count)
    return key ?? next()
  }

  /// Reads what is there, without waiting.
  private func fill() {
    var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while poll(&request, 1, 0) == 1, request.revents & Int16(POLLIN) != 0 {
      var block = [UInt8](repeating: 0, count: 64)
      let count = read(STDIN_FILENO, &block, block.count)
      guard count > 0 else { return }
      bytes += block[..<count]
      last = .now
    }
  }

  /// The key that stands at the beginning of bytes as terminals send them (ECMA-48 control sequences, as VT100's arrows).
  /// - Parameters:
  ///   - bytes: What was read.
  ///   - isWhole: Whether nothing more is to be expected.
  /// - Returns: The key, nil where the bytes are of one that means nothing, and how many bytes there were; nil if the key is not complete.
  static func key(at bytes: ArraySlice<UInt8>, isWhole: Bool) -> (key: TerminalKey?, count: Int)? {
    guard let first = bytes.first else { return nil }
    let rest = bytes.dropFirst()
    switch first {
    case 0x0A, 0x0D: return (.enter, 1)
    case 0x1B:
      guard let second = rest.first else { return isWhole ? (.escape, 1) : nil }
      guard second == 0x5B || second == 0x4F else { return (.escape, 1) }
      // Parameters, then a final byte.
      guard let end = rest.dropFirst().firstIndex(where: { (0x40...0x7E).contains($0) }) else {
        return isWhole ? (nil, bytes.count) : nil
      }
      let arrows: [UInt8: TerminalKey] = [0x41: .up, 0x42: .down, 0x43: .right, 0x44: .left]
      return (arrows[bytes[end]], end - bytes.startIndex + 1)
    case 0..<0x20, 0x7F: return (nil, 1)
    case 0..<0x80: return (.character(Character(UnicodeScalar(first))), 1)
    default:
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
      guard bytes.count >= length else { return isWhole ? (nil, bytes.count) : nil }
      return (String(decoding: bytes.prefix(length), as: UTF8.self).first.map(TerminalKey.character), length)
    }
  }
}

/// The settings of the terminal at standard input.
enum TerminalMode {
  private static let lock = NSLock()
  // Guarded by `lock`. They are plain variables since an optional `termios` within a `Mutex` was miscompiled by the optimizer: it
  // began as settings of nothing but zeros.
  /// The terminal's own settings while they are changed.
  private nonisolated(unsafe) static var original = termios()
  private nonisolated(unsafe) static var isChanged = false
  private nonisolated(unsafe) static var isPrepared = false
  private nonisolated(unsafe) static var sources: [any DispatchSourceSignal] = []

  /// Turns off line editing and echo.
  /// - Returns: whether the terminal can do that.
  static func enter() -> Bool {
    lock.withLock {
      prepare()
      guard !isChanged else { return true }
      guard tcgetattr(STDIN_FILENO, &original) == 0 else { return false }
      isChanged = true
      return change(from: original)
    }
  }

  /// Gives the terminal its own settings back.
  static func leave() {
    lock.withLock {
      guard isChanged else { return }
      // In the background the terminal is another program's, which would be disturbed, and this one stopped for that.
      if isInForeground { tcsetattr(STDIN_FILENO, TCSANOW, &original) }
      isChanged = false
    }
  }

  /// Changes the settings again where a shell has given the terminal its own ones meanwhile: after Ctrl-Z, `bg` and `fg`, of which the last
  /// comes without a signal.
  /// - Returns: whether the keyboard may be read: this program is in the foreground.
  static func renew() -> Bool {
    lock.withLock {
      guard isChanged, isInForeground else { return false }
      var settings = termios()
      guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return false }
      guard settings.c_lflag & tcflag_t(ICANON) != 0 else { return true }
      original = settings
      return change(from: settings)
    }
  }

  private static var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

  private static func change(from original: termios) -> Bool {
    var settings = original
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    return tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0
  }

  /// Ctrl-Z leaves a terminal to the shell that has its own settings; they are changed again when the program goes on.
  private static func prepare() {
    guard !isPrepared else { return }
    isPrepared = true
    atexit { TerminalMode.leave() }
    signal(SIGTSTP, SIG_IGN)
    let stop = DispatchSource.makeSignalSource(signal: SIGTSTP, queue: .global(qos: .userInteractive))
    stop.setEventHandler { suspend() }
    stop.resume()
    sources.append(stop)
  }

  private static func suspend() {
    lock.withLock {
      ProgressLine.shared.clear()
      PlayerLine.shared.clear()
      if isChanged, isInForeground { tcsetattr(STDIN_FILENO, TCSANOW, &original) }
      // Execution continues here after SIGCONT.
      kill(getpid(), SIGSTOP)
      // The shell may have changed the settings meanwhile, and the program may go on in the background.
      guard isChanged, isInForeground else { return }
      tcgetattr(STDIN_FILENO, &original)
      _ = change(from: original)
    }
  }
}
