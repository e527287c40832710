public import Drawing
internal import Groundwork
internal import Recurrent

/// A training as a page: its losses, its learning rate, and the measurements inside the network.
public struct TrainingReport: Sendable {
  private let title: String
  private let facts: [(heading: String, rows: [(name: String, value: String)])]
  private let entries: [HistoryEntry]
  private let lossUnit: String
  private let isUnderWay: Bool

  /// A report of a history.
  /// - Parameters:
  ///   - history: What was measured.
  ///   - title: What the page is called.
  ///   - facts: More facts about the run: tables under headings.
  ///   - lossUnit: What a loss is measured in, such as `nats per token`.
  ///   - isUnderWay: Whether there is more to come; a browser then reloads the page every few seconds.
  public init(
    _ history: TrainingHistory, title: String,
    facts: [(heading: String, rows: [(name: String, value: String)])] = [], lossUnit: String = "nats",
    isUnderWay: Bool = false
  ) {
    self.title = title
    self.facts = facts
    self.lossUnit = lossUnit
    self.isUnderWay = isUnderWay
    entries = history.entries
  }

  /// The page.
  public var page: HTMLPage {
    var page = HTMLPage(title: title, refreshSeconds: isUnderWay ? 5 : nil)
    if isUnderWay { page.paragraph("The training is running; this page refreshes itself.") }
    for fact in facts {
      page.heading(fact.heading)
      page.table(fact.rows)
    }
    page.heading("Course")
    guard !entries.isEmpty else {
      page.paragraph("There was no validation yet, so there are no charts.")
      return page
    }
    page.figure(losses.svg(), caption: lossCaption)
    page.figure(
      learningRate.svg(), caption: "The learning rate of the last update before each validation.")
    page.figure(
      gradientNorm.svg(),
      caption: "The global norm of the gradients before clipping, averaged from one validation to the next."
    )
    addInside(to: &page)
    return page
  }

  /// The page as an HTML document.
  public var html: String { page.document }

  // MARK: The course

  private var losses: LineChart {
    let kept = TrainingHistory(entries: entries).kept
    return LineChart(
      title: "Loss", xTitle: "updates", yTitle: lossUnit,
      series: [
        .init("training", course(\.trainingLoss), color: Color(0x9AA5B1)),
        .init(
          "validation", course(\.validationLoss), color: Color(0x1F6FEB),
          markedPoint: kept.flatMap { entries.firstIndex(of: $0) }),
      ])
  }

  private var lossCaption: String {
    guard let kept = TrainingHistory(entries: entries).kept else { return "" }
    let figures = AxisTicks(range: 0...0.001, count: 10)
    return "The weights are those of update \(kept.step.grouped), whose validation loss is "
      + "\(figures.label(kept.validationLoss)) \(lossUnit). The training loss is measured under dropout."
  }

  private var learningRate: LineChart {
    LineChart(
      title: "Learning rate", xTitle: "updates", yTitle: "rate",
      series: [.init("", course(\.learningRate, ofUpdatesAlone: true))])
  }

  private var gradientNorm: LineChart {
    LineChart(
      title: "Gradient norm", xTitle: "updates", yTitle: "norm", yScale: .logarithmic,
      series: [.init("", course(\.gradientNorm, ofUpdatesAlone: true))])
  }

  /// A value over the updates, with or without what was measured before the first one.
  private func course(
    _ value: KeyPath<HistoryEntry, Double>, ofUpdatesAlone: Bool = false
  ) -> [(x: Double, y: Double)] {
    entries.filter { !ofUpdatesAlone || $0.step > 0 }.map { (Double($0.step), $0[keyPath: value]) }
  }
}

// MARK: - Inside the network

extension TrainingReport {
  /// What was seen at one validation.
  private typealias Look = (step: Double, inside: Inspection)

  private func addInside(to page: inout HTMLPage) {
    let looks: [Look] = entries.compactMap { entry in entry.inside.map { (Double(entry.step), $0) } }
    guard let last = looks.last?.inside else { return }
    page.heading("Inside the network")
    page.paragraph(
      "Measured at each validation on its first batch, with the current weights.")
    page.figure(
      gradientChart(looks).svg(),
      caption:
        "The norm of the gradient of each layer's weights before clipping. Layers that learn equally fast are close "
        + "together.")
    if let lags = last.lags { page.figure(lagChart(lags).svg(), caption: lagCaption(lags)) }
    if !last.gates.isEmpty {
      page.figure(
        gateChart(looks).svg(),
        caption:
          "The ratio of each gate's values below 0.05 or above 0.95, where a gate hardly learns.")
    }
    page.figure(
      updateChart(looks).svg(),
      caption:
        "The size of an update relative to the tensor. While the loss falls fast, 0.01 and more is usual; "
        + "later about 0.001 is healthy: a much higher value means that the learning rate is too high, a much lower one that it is too low. "
        + "The two biases of a layer, which are added, "
        + "are drawn as one line, their mean.")
  }

  private func gradientChart(_ looks: [Look]) -> LineChart {
    chart("Gradient norm by layer", "norm", of: looks, groups: gradientNorms)
  }

  private func gateChart(_ looks: [Look]) -> LineChart {
    chart("Saturated gates", "share", of: looks, scale: .linear, range: 0...1) { inside in
      inside.gates.map { ("layer \($0.layer) \($0.gate)", Double($0.shut + $0.open)) }
    }
  }

  private func updateChart(_ looks: [Look]) -> LineChart {
    chart("Update to weight", "‖Δw‖ / ‖w‖", of: looks, groups: updateRatios)
  }

  /// Curves over the updates, one for each name that the last look has.
  private func chart(
    _ title: String, _ yTitle: String, of looks: [Look], scale: LineChart.Scale = .logarithmic,
    range: ClosedRange<Double>? = nil, groups: (Inspection) -> [(name: String, value: Double)]
  ) -> LineChart {
    let values = looks.map { (step: $0.step, groups: groups($0.inside)) }
    return LineChart(
      title: title, xTitle: "updates", yTitle: yTitle, yScale: scale, yRange: range,
      series: (values.last?.groups ?? []).map { name, _ in
        .init(
          name,
          values.compactMap { look in look.groups.first { $0.name == name }.map { (look.step, $0.value) } })
      })
  }

  private func lagChart(_ lags: GradientLags) -> LineChart {
    LineChart(
      title: "How far gradients reach back", xTitle: "steps before the last", yTitle: "norm",
      xScale: .logarithmic,
      yScale: .logarithmic, xTicks: lags.lags.map(Double.init),
      series: lags.norms.enumerated().map { layer, norms in
        .init("layer \(layer)", zip(lags.lags, norms).map { (Double($0), Double($1)) })
      })
  }

  private func lagCaption(_ lags: GradientLags) -> String {
    "The norm of the gradient of the loss at the last step with respect to each layer's states at earlier steps, at "
      + "the last validation. A steep fall means a vanishing gradient, a rise an exploding one. The earliest "
      + "state measured is \(lags.lags.last ?? 0) steps back."
  }

  /// The norms of the gradients of layers: tensors whose names end alike in `_l0`, `_l1`, … are a layer's, others are
  /// under what their names begin with.
  private func gradientNorms(of inside: Inspection) -> [(name: String, value: Double)] {
    var groups: [(name: String, squares: Double)] = []
    for tensor in inside.tensors {
      let name = Self.group(of: tensor.name),
        square = Double(tensor.gradientNorm) * Double(tensor.gradientNorm)
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].squares += square
      } else {
        groups.append((name, square))
      }
    }
    return groups.map { ($0.name, $0.squares.squareRoot()) }
  }

  /// How far an update moves tensors, a layer's two biases being one.
  private func updateRatios(of inside: Inspection) -> [(name: String, value: Double)] {
    var groups: [(name: String, ratios: [Double])] = []
    for tensor in inside.tensors {
      guard let ratio = tensor.updateRatio.map(Double.init) else { continue }
      let name = Self.withoutBiasKind(tensor.name)
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].ratios.append(ratio)
      } else {
        groups.append((name, [ratio]))
      }
    }
    return groups.map { ($0.name, $0.ratios.reduce(0, +) / Double($0.ratios.count)) }
  }

  /// `rnn.bias_l0` for both `rnn.bias_ih_l0` and `rnn.bias_hh_l0`; other names as they are.
  private static func withoutBiasKind(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).map { part in
      part.hasPrefix("bias_ih_") || part.hasPrefix("bias_hh_") ? "bias_" + part.dropFirst(8) : String(part)
    }.joined(separator: ".")
  }

  private static func group(of name: String) -> String {
    let parts = name.split(separator: ".")
    for part in parts {
      for word in part.split(separator: "_") where word.first == "l" {
        if let layer = Int(word.dropFirst()) {
          return (parts.count > 1 && parts[0] != "rnn" ? "\(parts[0]) " : "") + "layer \(layer)"
        }
      }
    }
    return parts.first.map(String.init) ?? name
  }
}
