import Foundation
import WinaTensor

/// The tensors of a checkpoint in one file or in several with an index.
struct CheckpointFiles: Sendable {
  /// The file that lists all tensors: the only one, or the index of the shards.
  let path: String
  private var files: [String: SafetensorsFile] = [:]

  /// The names of all tensors.
  var names: Dictionary<String, SafetensorsFile>.Keys { files.keys }

  /// The bytes of all tensors.
  var byteCount: Int {
    let distinct = Dictionary(
      files.values.map { ($0.path, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    return distinct.values.reduce(0, +)
  }

  init(directory: String) throws(ModelError) {
    let single = directory + "/model.safetensors"
    let index = directory + "/model.safetensors.index.json"
    if FileManager.default.fileExists(atPath: single) {
      path = single
      let file = try Self.open(single)
      for name in file.names { files[name] = file }
    } else if FileManager.default.fileExists(atPath: index) {
      path = index
      try readIndex(directory)
    } else {
      throw .unreadable(
        "'\(directory)' holds no model.safetensors and no model.safetensors.index.json",
        hint: "pass a Hugging Face model directory with safetensors weights")
    }
  }

  private mutating func readIndex(_ directory: String) throws(ModelError) {
    // The index of the largest models has some megabytes.
    let index = try ConfigurationSection(path: path, maximumSize: 16 << 20)
    guard let map = try index.section("weight_map") else {
      throw .invalid("\(path): 'weight_map' is missing")
    }
    var opened: [String: SafetensorsFile] = [:]
    for name in map.values.keys.sorted() {
      guard let shard = try map.string(name), shard.utf8.allSatisfy({ $0 != 0x2F && $0 != 0 })
      else {
        throw .invalid("\(path): tensor '\(name)' is not in a file of the same directory")
      }
      let file: SafetensorsFile
      if let known = opened[shard] {
        file = known
      } else {
        file = try Self.open(
          directory + "/" + shard,
          hint: "'\(path)' names it; are all files of the checkpoint there?")
        opened[shard] = file
      }
      guard file.contains(name) else {
        throw .invalid("\(file.path): tensor '\(name)' is missing, though the index names it")
      }
      files[name] = file
    }
    for file in opened.values.sorted(by: { $0.path < $1.path }) {
      if let extra = file.names.first(where: { files[$0] !== file }) {
        throw .invalid(
          "\(file.path): tensor '\(extra)' is not where the index says",
          hint: "fetch the index and the shards of one revision")
      }
    }
  }

  private static func open(
    _ path: String, hint: String? = nil
  ) throws(ModelError) -> SafetensorsFile {
    do {
      return try SafetensorsFile(path: path)
    } catch {
      throw ModelError(code: .unreadable, message: error.message, hint: error.hint ?? hint)
    }
  }

  /// Returns a tensor of weights as a view of its file, having checked its type, its shape and that
  /// every weight is a finite number.
  func tensor(_ name: String, shape: [Int]) throws(ModelError) -> Tensor {
    guard let file = files[name] else {
      throw .invalid(
        "\(path): tensor '\(name)' is missing",
        hint: "config.json asks for it; are all files of the checkpoint there?")
    }
    let tensor: Tensor
    do {
      tensor = try file.tensor(name)
    } catch {
      throw ModelError(code: .unreadable, message: error.message, hint: error.hint)
    }
    guard tensor.shape == shape else {
      throw .invalid(
        "\(file.path): tensor '\(name)' has the shape \(tensor.shape), but config.json asks for "
          + "\(shape)")
    }
    guard WeightType(tensor.elementType) != nil else {
      throw .unsupported(
        "\(file.path): tensor '\(name)' is \(tensor.elementType.rawValue)",
        hint: "weights are F32, F16 or BF16")
    }
    if let place = tensor.firstNonFinite() {
      throw .invalid(
        "\(file.path): tensor '\(name)' holds a weight that is no finite number, element \(place)",
        hint: "the checkpoint is damaged or its training diverged")
    }
    return tensor
  }

  /// Returns a vector of weights as f32.
  func vector(_ name: String, count: Int) throws(ModelError) -> [Float] {
    let tensor = try tensor(name, shape: [count])
    do {
      return try tensor.floats()
    } catch {
      throw .unreadable("\(path): tensor '\(name)': \(error.message)")
    }
  }
}
