/// One multiple-choice item of a generated suite.
///
/// The right choice is also the free-text continuation of the prompt: a language model is trained
/// on ``text`` and asked for the likeliest of ``choices``.
public struct SuiteItem: Sendable, Hashable, Codable {
  /// A name that is unique within a suite of one seed.
  public var id: String
  /// The part of the data that the item's latent state belongs to.
  public var split: SuiteSplit
  /// The difficulty, from 1 (easiest) to 4 (beyond the training stream).
  public var level: Int
  /// The canonical latent state: what the item is about, whatever its wording.
  public var state: String
  /// The prompt.
  public var query: String
  /// Four answers; each continues the prompt after a space.
  public var choices: [String]
  /// The index of the right answer.
  public var gold: Int

  /// The prompt with its right answer.
  public var text: String { query + " " + choices[gold] }
}

/// What a latent state is for.
///
/// A state belongs to exactly one split, whoever draws it.
public enum SuiteSplit: String, Sendable, Hashable, Codable, CaseIterable {
  case calibration
  case routing
  case validation
  case test
  /// What language models may be trained on: 28 of 32 states.
  case training

  /// Returns the split of a state: a hash of its canonical form, so that no wording, seed or order
  /// of generation can move a state from one split to another.
  public init(state: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in state.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    self =
      switch scattered(hash) % 32 {
      case 0: .calibration
      case 1: .routing
      case 2: .validation
      case 3: .test
      default: .training
      }
  }
}

/// Why a suite could not be generated.
public struct SuiteError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public var message: String
  /// What the user can do.
  public var hint: String

  /// The message and the hint.
  public var description: String { "\(message): \(hint)" }
}
