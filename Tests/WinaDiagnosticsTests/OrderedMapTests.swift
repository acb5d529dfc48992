import Foundation
import Testing
import WinaDiagnostics

@Suite("Ordered maps") struct OrderedMapTests {
  @Test func keysKeepTheirOrder() {
    var map: OrderedMap<Int> = ["z": 1, "a": 2]
    map["m"] = 3
    map["z"] = 4
    #expect(map.keys == ["z", "a", "m"])
    #expect(map.values == [4, 2, 3])
    map["a"] = nil
    #expect(map.keys == ["z", "m"])
    #expect(map["m"] == 3)
    #expect(map["a"] == nil)
    #expect(map.count == 2)
    #expect(map.map(\.key) == ["z", "m"])
  }

  @Test func mapsSurviveCoding() throws {
    let map: OrderedMap<[Int]> = ["one": [1], "two": []]
    let data = try JSONEncoder().encode(map)
    let decoded = try JSONDecoder().decode(OrderedMap<[Int]>.self, from: data)
    #expect(Set(decoded.keys) == ["one", "two"])
    #expect(decoded["one"] == [1])
  }

  @Test func placesAreLostOutsideOfSpecs() throws {
    let data = Data("[\"a\"]".utf8)
    let located = try JSONDecoder().decode([Located<String>].self, from: data)
    #expect(located == [Located("a", at: nil)])
    #expect(try JSONEncoder().encode(located) == data)
  }
}
