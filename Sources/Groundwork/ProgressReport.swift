/// The progress of long work; the library reports it, the command line draws it.
public struct ProgressReport: Sendable, Equatable {
  /// What is being done, as a verb in its -ing form: `reading`, `training`, `rendering`.
  public var activity: String
  /// How much is done, in `unit`s.
  public var completed: Double
  /// How much there is to do, where that is known.
  public var total: Double?
  /// What is counted: `files`, `tokens`, `seconds`.
  public var unit: String
  /// Figures worth a look, in the order to show them, with their names.
  public var figures: [Figure]
  /// The worker's own estimate of the seconds left; nil leaves the estimate to the display.
  public var secondsLeft: Double?

  /// A named number next to the bar, such as a loss.
  public struct Figure: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: Double

    /// A figure of this name and value.
    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// A report.
  public init(
    activity: String, completed: Double, total: Double? = nil, unit: String, figures: [Figure] = [],
    secondsLeft: Double? = nil
  ) {
    self.activity = activity
    self.completed = completed
    self.total = total
    self.unit = unit
    self.figures = figures
    self.secondsLeft = secondsLeft
  }
}

/// A receiver of progress reports. It may be called from any thread and must return quickly.
public typealias ProgressHandler = @Sendable (ProgressReport) -> Void
