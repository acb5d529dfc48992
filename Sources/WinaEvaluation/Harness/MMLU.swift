/// The subjects of MMLU and the groups that the harness aggregates them in.
public enum MMLU {
  /// A group of subjects.
  public enum Category: String, Sendable, Hashable, CaseIterable {
    case stem
    case other
    case socialSciences = "social_sciences"
    case humanities
  }

  /// The 57 subjects by group, as records name them.
  public static let subjects: [Category: [String]] = [
    .stem: [
      "abstract_algebra", "anatomy", "astronomy", "college_biology", "college_chemistry",
      "college_computer_science", "college_mathematics", "college_physics", "computer_security",
      "conceptual_physics", "electrical_engineering", "elementary_mathematics",
      "high_school_biology", "high_school_chemistry", "high_school_computer_science",
      "high_school_mathematics", "high_school_physics", "high_school_statistics",
      "machine_learning",
    ],
    .other: [
      "business_ethics", "clinical_knowledge", "college_medicine", "global_facts", "human_aging",
      "management", "marketing", "medical_genetics", "miscellaneous", "nutrition",
      "professional_accounting", "professional_medicine", "virology",
    ],
    .socialSciences: [
      "econometrics", "high_school_geography", "high_school_government_and_politics",
      "high_school_macroeconomics", "high_school_microeconomics", "high_school_psychology",
      "human_sexuality", "professional_psychology", "public_relations", "security_studies",
      "sociology", "us_foreign_policy",
    ],
    .humanities: [
      "formal_logic", "high_school_european_history", "high_school_us_history",
      "high_school_world_history", "international_law", "jurisprudence", "logical_fallacies",
      "moral_disputes", "moral_scenarios", "philosophy", "prehistory", "professional_law",
      "world_religions",
    ],
  ]

  /// Returns the group of a subject, or `nil` for one that the harness does not know.
  public static func category(of subject: String) -> Category? {
    Category.allCases.first { subjects[$0]?.contains(subject) == true }
  }
}
