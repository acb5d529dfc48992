import Foundation
import Testing
import WinaTensor
import WinaTestSupport

struct SafetensorsTests {
  private func open(header: String, data: Int, claimed: UInt64? = nil) throws -> String {
    let directory = try TemporaryDirectory()
    var bytes: [UInt8] = []
    let length = claimed ?? UInt64(header.utf8.count)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(8 * shift))) }
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: data)
    let path = try directory.write(bytes, to: "a.safetensors")
    do {
      _ = try SafetensorsFile(path: path)
      return "no error"
    } catch {
      #expect(error.message.contains(path))
      return error.message
    }
  }

  private func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
    "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func everyTypeSurvivesARoundTrip() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    let tensors: [(name: String, tensor: Tensor)] = [
      ("floats", Tensor([1.5, -2, .infinity] as [Float], shape: [3, 1])),
      ("doubles \"quoted\"\n", Tensor([1e300, -0.0] as [Double], shape: [2])),
      ("int32", Tensor([Int32.min, 7] as [Int32], shape: [1, 2])),
      ("int64", Tensor([Int64.max] as [Int64], shape: [])),
      ("bytes", Tensor([1, 2, 3] as [UInt8], shape: [3])),
      ("uint32", Tensor([UInt32.max] as [UInt32], shape: [1])),
      ("uint64", Tensor([UInt64.max, 0] as [UInt64], shape: [2])),
      ("empty", Tensor([] as [Float], shape: [0, 4])),
    ]
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt", "ä": "\\"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.names == tensors.map(\.name).sorted())
    #expect(file.metadata == ["format": "pt", "ä": "\\"])
    for (name, tensor) in tensors {
      let read = try file.tensor(name)
      #expect(read.bytes == tensor.bytes && read.shape == tensor.shape)
      #expect(read.elementType == tensor.elementType && read.count == tensor.count)
    }
    #expect(try file.tensor("floats").floats() == [1.5, -2, .infinity])
    #expect(try file.tensor("doubles \"quoted\"\n").doubles() == [1e300, -0.0])
    #expect(try file.tensor("int32").int32s() == [Int32.min, 7])
    #expect(try file.tensor("int64").int64s() == [Int64.max])
    #expect(try file.tensor("bytes").uint8s() == [1, 2, 3])
    #expect(try file.tensor("uint32").uint32s() == [UInt32.max])
    #expect(try file.tensor("uint64").uint64s() == [UInt64.max, 0])
    #expect(throws: TensorError.self) { try file.tensor("int32").floats() }
    #expect(throws: TensorError.self) { try file.tensor("int32").int64s() }
    #expect(throws: TensorError.self) { try file.tensor("absent") }
    #expect(file.contains("bytes") && !file.contains("absent"))
  }

  @Test func aTensorOutlivesTheFileAndItsReplacement() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    try SafetensorsWriter.write([("x", Tensor([Float(1), 2], shape: [2]))], to: path)
    let tensor = try SafetensorsFile(path: path).tensor("x")
    try SafetensorsWriter.write([("x", Tensor([Float(3)], shape: [1]))], to: path)
    #expect(try tensor.floats() == [1, 2])
    #expect(try SafetensorsFile(path: path).tensor("x").floats() == [3])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.safetensors"])
  }

  @Test func headersThatLieAreErrors() throws {
    let good = entry("F32", "[2]", "[0,8]")
    #expect(try open(header: "{\"x\":\(good)}", data: 8) == "no error")
    #expect(try open(header: "{\"x\":\(good)}  ", data: 8) == "no error")
    let cases: [(header: String, part: String)] = [
      ("{\"x\":\(entry("F32", "[3]", "[0,12]"))}", "'x' ends at byte 12"),
      ("{\"x\":\(entry("F32", "[3]", "[0,8]"))}", "'x' of shape [3]"),
      ("{\"x\":\(entry("F4", "[2]", "[0,8]"))}", "unknown dtype 'F4'"),
      ("{\"x\":\(entry("F32", "[2]", "[8,0]"))}", "not a range"),
      ("{\"x\":\(entry("F32", "[2]", "[0]"))}", "not a range"),
      ("{\"x\":\(entry("F32", "[-2]", "[0,8]"))}", "an integer from 0"),
      ("{\"x\":\(entry("F32", "[4611686018427387904,4]", "[0,8]"))}", "impossible shape"),
      ("{\"x\":\(entry("F32", "[99999999999999999999]", "[0,8]"))}", "an integer from 0"),
      ("{\"x\":\(good),\"x\":\(good)}", "'x' twice"),
      ("{\"x\":\(good),\"y\":\(entry("F32", "[1]", "[4,8]"))}", "'x' and 'y' overlap"),
      ("{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", "lacks"),
      ("{\"x\":{\"kind\":1}}", "unknown field 'kind'"),
      ("{\"x\":\(good)", "not valid at byte"), ("[]", "'{' was expected"), ("", "'{' was expected"),
      ("{\"x\":\(good)}{", "text after the end"), ("{\"x", "does not end"),
      ("{\"\\ud800x\":\(good)}", "surrogate"), ("{\"x\":\(good),}", "'\"' was expected"),
    ]
    for (header, part) in cases {
      let message = try open(header: header, data: 8)
      #expect(message.contains(part), "\(header): \(message)")
    }
  }

  @Test func headersWithoutMeasureAreErrors() throws {
    let good = entry("F32", "[2]", "[0,8]")
    let name = String(repeating: "n", count: 4096)
    #expect(try open(header: "{\"\(name)\":\(good)}", data: 8) == "no error")
    let ones = Array(repeating: "1", count: 63).joined(separator: ",")
    #expect(
      try open(header: "{\"x\":\(entry("F32", "[2,\(ones)]", "[0,8]"))}", data: 8) == "no error")
    let cases: [(header: String, part: String)] = [
      ("{\"\(name)n\":\(good)}", "a name has more than 4096 bytes"),
      ("{\"x\":\(entry("F32", "[2,1,\(ones)]", "[0,8]"))}", "a list has more than 64 numbers"),
      ("{\"x\":{\"dtype\":\(String(repeating: "[", count: 100_000))", "'\"' was expected"),
      (String(repeating: "{\"x\":", count: 100_000), "unknown field 'x'"),
      (
        "{\"x\":\(entry("F32", "[2]", "[9223372036854775799,9223372036854775807]"))}",
        "ends at byte"
      ),
      ("{\"x\":\(entry("F32", "[9223372036854775808]", "[0,8]"))}", "an integer from 0"),
      ("{\"__metadata__\":{\"a\":1}}", "'\"' was expected"),
      ("{\"__metadata__\":{},\"__metadata__\":{}}", "'__metadata__' twice"),
    ]
    for (header, part) in cases {
      let message = try open(header: header, data: 8)
      #expect(message.contains(part), "\(header.prefix(40)): \(message.prefix(200))")
    }
  }

  @Test func namesThatAreNotUTF8AreErrors() throws {
    let directory = try TemporaryDirectory()
    let bytes: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x7D]
    let path = try directory.write(bytes, to: "a.safetensors")
    let error = #expect(throws: TensorError.self) { try SafetensorsFile(path: path) }
    #expect(error?.message.hasPrefix("\(path): the header is not valid at byte") == true)
    #expect(error?.message.hasSuffix("a text is not UTF-8") == true)
  }

  @Test(arguments: [1 << 60, UInt64.max, 100, 11])
  func headersLongerThanTheFileAreErrors(claimed: UInt64) throws {
    #expect(
      try open(header: "{}", data: 8, claimed: claimed).contains(
        "the header claims \(claimed) bytes"))
  }

  @Test func escapesAreRead() throws {
    let directory = try TemporaryDirectory()
    let header = "{\"a\\u00e9\\ud83d\\ude00\\n\\/\":\(entry("U8", "[1]", "[0,1]"))}"
    var bytes: [UInt8] = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]
    bytes += Array(header.utf8) + [5]
    let file = try SafetensorsFile(path: directory.write(bytes, to: "a.safetensors"))
    #expect(file.names == ["aé😀\n/"])
  }

  @Test func everyTruncationIsAnError() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.safetensors")
    try SafetensorsWriter.write([("x", Tensor([Float(1), 2], shape: [2]))], to: path)
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    for count in 0..<bytes.count {
      let part = try directory.write(Array(bytes[..<count]), to: "part.safetensors")
      #expect(throws: TensorError.self) { try SafetensorsFile(path: part) }
    }
    #expect(throws: TensorError.self) { try SafetensorsFile(path: directory.path) }
    #expect(throws: TensorError.self) { try SafetensorsFile(path: directory.file("absent")) }
  }

  @Test func whatCannotBeWrittenIsAnError() throws {
    let directory = try TemporaryDirectory()
    let tensor = Tensor([Float(1)], shape: [1])
    let absent = directory.file("no/a.safetensors")
    let error = #expect(throws: TensorError.self) {
      try SafetensorsWriter.write([("x", tensor)], to: absent)
    }
    #expect(error?.code == .unwritable && error?.message.contains(absent) == true)
    #expect(throws: TensorError.self) {
      try SafetensorsWriter.write([("x", tensor), ("x", tensor)], to: directory.file("a"))
    }
    if FileManager.default.fileExists(atPath: "/dev/full") {
      #expect(throws: TensorError.self) {
        try SafetensorsWriter.write([("x", tensor)], to: "/dev/full/a")
      }
    }
  }

  @Test func bytesOfNoTensorAreErrors() throws {
    let first = "\"a\":" + entry("F32", "[1]", "[0,4]")
    #expect(try open(header: "{\(first)}", data: 4) == "no error")
    #expect(try open(header: "{\(first)}", data: 11).contains("7 bytes after the last tensor"))
    let second = "\"b\":" + entry("F32", "[1]", "[8,12]")
    #expect(try open(header: "{\(first),\(second)}", data: 12).contains("before tensor 'b'"))
  }

  @Test func linksAreFollowedAndPipesAreNotReplaced() throws {
    let directory = try TemporaryDirectory()
    let tensors = [(name: "a", tensor: Tensor([1] as [Float], shape: [1]))]
    let (target, link) = (directory.file("target"), directory.file("link"))
    try directory.write("old", to: "target")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    try SafetensorsWriter.write(tensors, to: link)
    #expect(try SafetensorsFile(path: target).names == ["a"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    let error = #expect(throws: TensorError.self) {
      try SafetensorsWriter.write(tensors, to: "/dev/null")
    }
    #expect(error?.code == .unwritable && error?.message.contains("no regular file") == true)
  }

  @Test func bytesMustFitTheShape() throws {
    #expect(throws: TensorError.self) {
      try Tensor(bytes: [0, 0, 0], elementType: .float32, shape: [1])
    }
    #expect(throws: TensorError.self) {
      try Tensor(bytes: [], elementType: .float32, shape: [Int.max, 8])
    }
    let half = try Tensor(bytes: [0x00, 0x3C, 0x00, 0xC0], elementType: .float16, shape: [2])
    #expect(try half.floats() == [1, -2] && half.doubles() == [1, -2])
    let brain = try Tensor(bytes: [0x80, 0x3F, 0x00, 0xC0], elementType: .bfloat16, shape: [2])
    #expect(try brain.floats() == [1, -2])
    let flags = try Tensor(bytes: [1, 0], elementType: .bool, shape: [2])
    #expect(throws: TensorError.self) { try flags.uint8s() }
  }
}
