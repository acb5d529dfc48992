/// Words that several families use.
enum Vocabulary {
  static let women = [
    "Ann", "Mary", "Eve", "Ida", "Rose", "Nora", "Clara", "Lily", "Grace", "Vera", "Hilda",
    "Olive", "Tess", "Joan", "Edith", "Mabel",
  ]
  static let men = [
    "Tom", "Bob", "Max", "Carl", "Hugo", "Finn", "Otto", "Leo", "Ralph", "Ned", "Cyril", "Basil",
    "Amos", "Grant", "Lionel", "Percy",
  ]
  static let people = zip(women, men).flatMap { [$0, $1] }

  static let places = [
    "kitchen", "garden", "attic", "barn", "cellar", "office", "market", "school", "tower",
    "library", "forest", "harbor", "station", "bakery", "museum", "church",
  ]

  static let objects = [
    "ball", "lamp", "book", "key", "coat", "map", "cup", "box", "drum", "hat", "rope", "coin",
  ]

  static let goods = ["pears", "coins", "books", "eggs", "nails", "cards", "stamps", "plums"]

  static let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
}
