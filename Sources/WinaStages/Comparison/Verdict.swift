import WinaPipeline

/// The primary endpoint in one sentence that names the mechanism.
struct Verdict {
  let comparison: Comparison
  let primary: CompareStage.Primary?
  let contrasts: [ContrastRow]
  let nulls: [NullRow]
  /// What one label alone contributes, if that is most of the difference.
  var dominance: String?

  var sentence: String? {
    guard let primary, let contrast = Contrast(primary.contrast) else { return nil }
    guard let row = contrasts.first(where: \.isPrimary) else {
      let declared = (primary.at ?? [:]).mapValues(\.json)
      return
        "No verdict: the primary endpoint is declared at \(Comparison.text(ofCell: declared)), "
        + "which is no cell of this run."
    }
    guard let arm = comparison.description(of: contrast.arm),
      let baseline = comparison.description(of: contrast.baseline)
    else { return nil }
    let place = row.cell.isEmpty ? "" : " at " + Comparison.text(ofCell: row.cell)
    guard let difference = row.difference, let low = row.low, let high = row.high, let p = row.p
    else {
      return "No verdict\(place): \(row.note ?? "there is no difference to test")."
    }
    let isBetter = primary.metric.isHigherBetter ? difference > 0 : difference < 0
    let outcome: String
    if difference == 0, low == 0, high == 0 {
      outcome = "both gave the same results on every sample, so there is nothing to compare"
    } else if p >= 0.05 {
      outcome = "no difference was found"
    } else {
      outcome = isBetter ? "'\(arm.name)' is better" : "'\(arm.name)' is worse"
    }
    let size =
      "\(row.metric) \(FactText.signed(difference))\(primary.metric.unit), "
      + "95 % CI \(FactText.signed(low)) to \(FactText.signed(high)), p \(FactText.probability(p)), n = \(row.n)"
    var sentence =
      "\(arm.mechanism.prefix(1).uppercased())\(arm.mechanism.dropFirst()) ('\(arm.name)') "
      + "against \(baseline.mechanism) ('\(baseline.name)')\(place)"
      + (row.note.map { ", \($0): " } ?? ": ") + "\(outcome) (\(size)"
    if let detectable = row.minimumDetectable {
      sentence += ", smallest detectable \(FactText.number(detectable))"
    }
    if let null = nulls.first(where: { null in
      guard let observed = comparison.description(of: null.arm) else { return false }
      return null.cell == row.cell && observed.score == arm.score
        && observed.gate == arm.gate && observed.centring == arm.centring
        && observed.clusters == arm.clusters && observed.variation == arm.variation
    }) {
      sentence +=
        "; '\(null.arm)' against \(null.null.count) random clusterings: p \(FactText.probability(null.p))"
      if null.p * Double(null.null.count + 1) < 1.5 {
        sentence += ", the least that \(null.null.count) can show"
      }
    }
    sentence += ")."
    if p >= 0.05, low > 0 || high < 0 {
      sentence += " The interval leaves out 0 and the test does not: take it as undecided."
    } else if p < 0.05, low <= 0, high >= 0 {
      sentence += " The interval reaches 0 although the test leaves it out: take it as undecided."
    }
    if let dominance, p < 0.05 { sentence += " " + dominance }
    return sentence
  }
}
