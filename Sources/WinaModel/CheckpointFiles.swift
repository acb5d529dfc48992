import Foundation
import WinaTensor

/// The tensors of a checkpoint in one file or in several with an index.
struct CheckpointFiles {
  let directory: String
  private var files: [String: SafetensorsFile] = [:]

  /// The names of all tensors.
  var names: Dictionary<String, SafetensorsFile>.Keys { files.keys }

  init(directory: String) throws(ModelError) {
    self.directory = directory
    let single = directory + "/model.safetensors"
    let index = directory + "/model.safetensors.index.json"
    if FileManager.default.fileExists(atPath: single) {
      let file = try Self.open(single)
      for name in file.names { files[name] = file }
    } else if FileManager.default.fileExists(atPath: index) {
      try readIndex(index)
    } else {
      throw .unreadable(
        "'\(directory)' holds no model.safetensors and no model.safetensors.index.json",
        hint: "pass a Hugging Face model directory with safetensors weights")
    }
  }

  private mutating func readIndex(_ path: String) throws(ModelError) {
    guard let map = try ConfigurationSection(path: path).section("weight_map") else {
      throw .invalid("\(path): 'weight_map' is missing")
    }
    var opened: [String: SafetensorsFile] = [:]
    for name in map.values.keys.sorted() {
      guard let shard = try map.string(name), !shard.contains("/") else {
        throw .invalid("\(path): tensor '\(name)' is not in a file of the same directory")
      }
      let file: SafetensorsFile
      if let known = opened[shard] {
        file = known
      } else {
        file = try Self.open(directory + "/" + shard)
        opened[shard] = file
      }
      guard file.contains(name) else {
        throw .invalid("\(file.path): tensor '\(name)' is missing, though the index names it")
      }
      files[name] = file
    }
  }

  private static func open(_ path: String) throws(ModelError) -> SafetensorsFile {
    do {
      return try SafetensorsFile(path: path)
    } catch {
      throw ModelError(code: .unreadable, message: error.message, hint: error.hint)
    }
  }

  /// Reads a tensor as f32 into an array.
  func read(
    _ name: String, shape: [Int], into values: inout [Float], at offset: Int = 0
  ) throws(ModelError) {
    guard let file = files[name] else {
      throw .invalid("'\(directory)': tensor '\(name)' is missing")
    }
    do {
      let tensor = try file.tensor(name)
      guard tensor.shape == shape else {
        throw ModelError.invalid(
          "\(file.path): tensor '\(name)' has the shape \(tensor.shape), but config.json asks for "
            + "\(shape)")
      }
      guard [.float32, .float16, .bfloat16].contains(tensor.elementType) else {
        throw ModelError.unsupported(
          "\(file.path): tensor '\(name)' is \(tensor.elementType.rawValue)",
          hint: "weights are F32, F16 or BF16")
      }
      try tensor.readFloats(into: &values, at: offset)
    } catch let error as ModelError {
      throw error
    } catch {
      throw .unreadable("\(file.path): tensor '\(name)': \(error)")
    }
  }
}
