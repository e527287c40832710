public import Drawing

/// A training history as a picture: the training loss and the validation loss over the updates of the weights, with the
/// best validation marked.
public struct HistoryCurve: Sendable {
  private let entries: [HistoryEntry]
  private let title: String
  private let size = (width: 720.0, height: 400.0)
  private let margins = (left: 64.0, right: 24.0, top: 52.0, bottom: 52.0)

  /// A picture of a history.
  public init(_ history: TrainingHistory, title: String) {
    entries = history.entries
    self.title = title
  }

  /// The picture, 720 by 400 units.
  public func svg() -> SVG {
    var svg = SVG(width: size.width, height: size.height, title: title, style: Self.style)
    svg.rectangle(x: 0, y: 0, width: size.width, height: size.height, class: "paper")
    svg.text(title, x: margins.left, y: 26, class: "title")
    guard let last = entries.last,
      let best = entries.min(by: { $0.validationLoss < $1.validationLoss })
    else {
      svg.text("no validation yet", x: size.width / 2, y: size.height / 2, anchor: .middle)
      return svg
    }
    let losses = entries.flatMap { [$0.trainingLoss, $0.validationLoss] }
    let scale = Scale(
      steps: 0...Double(max(last.step, 1)), losses: (losses.min() ?? 0)...(losses.max() ?? 1), size: size,
      margins: margins)
    draw(axesOf: scale, in: &svg)
    svg.polyline(entries.map { (scale.x($0.step), scale.y($0.trainingLoss)) }, class: "curve training")
    svg.polyline(entries.map { (scale.x($0.step), scale.y($0.validationLoss)) }, class: "curve validation")
    svg.rectangle(
      x: scale.x(best.step) - 4, y: scale.y(best.validationLoss) - 4, width: 8, height: 8, class: "best",
      cornerRadius: 4)
    let figures = AxisTicks(range: 0...0.01, count: 10)
    svg.text(
      "validation, best \(figures.label(best.validationLoss)) at step \(best.step)",
      x: size.width - margins.right,
      y: 26, class: "validation", anchor: .end)
    svg.text("training", x: size.width - margins.right, y: 42, class: "training", anchor: .end)
    return svg
  }

  private func draw(axesOf scale: Scale, in svg: inout SVG) {
    let (left, right) = (margins.left, size.width - margins.right)
    let (top, bottom) = (margins.top, size.height - margins.bottom)
    let losses = AxisTicks(range: scale.losses, count: 6)
    for value in losses.values {
      svg.line(from: (left, scale.y(value)), to: (right, scale.y(value)), class: "grid")
      svg.text(losses.label(value), x: left - 8, y: scale.y(value) + 4, anchor: .end)
    }
    let steps = AxisTicks(range: scale.steps, count: 8)
    for value in steps.values {
      let x = scale.x(Int(value))
      svg.line(from: (x, bottom), to: (x, bottom + 5), class: "axis")
      svg.text(steps.label(value), x: x, y: bottom + 20, anchor: .middle)
    }
    svg.line(from: (left, bottom), to: (right, bottom), class: "axis")
    svg.text("steps", x: (left + right) / 2, y: size.height - 12, anchor: .middle)
    svg.text("loss in nats per token", x: 18, y: (top + bottom) / 2, anchor: .middle, rotation: -90)
  }

  /// From steps and losses to places in the picture.
  private struct Scale {
    var steps: ClosedRange<Double>
    var losses: ClosedRange<Double>
    private let size: (width: Double, height: Double)
    private let margins: (left: Double, right: Double, top: Double, bottom: Double)

    init(
      steps: ClosedRange<Double>, losses: ClosedRange<Double>, size: (width: Double, height: Double),
      margins: (left: Double, right: Double, top: Double, bottom: Double)
    ) {
      self.steps = steps
      // A twentieth of room above and below, and some height where all losses are the same.
      let room = max(0.05 * (losses.upperBound - losses.lowerBound), 0.01)
      self.losses = max(0, losses.lowerBound - room)...losses.upperBound + room
      self.size = size
      self.margins = margins
    }

    func x(_ step: Int) -> Double {
      let share = (Double(step) - steps.lowerBound) / (steps.upperBound - steps.lowerBound)
      return margins.left + share * (size.width - margins.left - margins.right)
    }

    func y(_ loss: Double) -> Double {
      let share = (loss - losses.lowerBound) / (losses.upperBound - losses.lowerBound)
      return size.height - margins.bottom - share * (size.height - margins.top - margins.bottom)
    }
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#444}\
    .paper{fill:#fff}.title{font-size:16px;font-weight:600;fill:#111}.grid{stroke:#e5e5e5}.axis{stroke:#444}\
    .curve{fill:none;stroke-width:2;stroke-linejoin:round}.curve.training{stroke:#9aa5b1}\
    .curve.validation{stroke:#1f6feb}.best{fill:#1f6feb}text.training{fill:#6b7785}text.validation{fill:#1f6feb}
    """
}
