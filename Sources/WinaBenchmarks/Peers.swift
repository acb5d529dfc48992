import Foundation
import Synchronization
import WinaPipeline
import WinaTensor

/// The programs that we are compared with, where `Peers/setup.sh` installed them.
struct Peers {
  /// The peers of this run; `nil` where no folder was given.
  static var shared: Peers? { storage.withLock { $0 } }
  private static let storage = Mutex<Peers?>(nil)

  /// Compares with the peers from now on.
  static func share(_ peers: Peers) { storage.withLock { $0 = peers } }

  /// The folder that `setup.sh` made.
  let folder: String
  /// The folder of the drivers.
  let drivers: String

  /// Uses the peers of a folder.
  init(folder: String, drivers: String) throws {
    guard FileManager.default.isExecutableFile(atPath: folder + "/venv/bin/python") else {
      throw BenchmarkError(
        description: "there are no peers in '\(folder)': run Peers/setup.sh and Peers/shapes.py")
    }
    self.folder = folder
    self.drivers = drivers
  }

  /// One measurement that peers take too.
  struct Job {
    var model: BenchmarkModel
    var type: WeightType
    var threads: Int
    var mode: String
    var batch: Int
    var tokens: Int
  }

  /// Starts the peers that can do a job.
  func start(_ job: Job) throws -> [PeerDriver] {
    let dtype = job.type == .float32 ? "f32" : "bf16"
    let options = [
      "\(folder)/models/\(job.model.rawValue)-\(dtype)", "--dtype", dtype, "--threads",
      "\(job.threads)", "--mode", job.mode, "--rows", "\(job.batch)x\(job.tokens)", "--serve",
    ]
    var drivers = [try driver("PyTorch", "torch_bench.py", options)]
    if job.batch == 1 {
      drivers.append(try driver("llama.cpp", "llama_bench.py", options + ["--peers", folder]))
    }
    return drivers
  }

  private func driver(_ name: String, _ file: String, _ options: [String]) throws -> PeerDriver {
    try PeerDriver(
      name: name, program: folder + "/venv/bin/python", arguments: ["\(drivers)/\(file)"] + options)
  }
}

/// A peer that takes a sample whenever it is asked.
final class PeerDriver {
  let name: String
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(name: String, program: String, arguments: [String]) throws {
    self.name = name
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    // The first sample also waits until the model is loaded.
    _ = try sample()
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Takes a sample and returns its seconds.
  func sample() throws -> Double {
    try input.fileHandleForWriting.write(contentsOf: Data([0x0A]))
    var line: [UInt8] = []
    while line.last != 0x0A {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
        throw BenchmarkError(description: "\(name) ended without a sample")
      }
      line += byte
    }
    guard case .double(let seconds)? = try JSONValue(parsing: line)["seconds"] else {
      throw BenchmarkError(description: "\(name) did not say how long its sample took")
    }
    return seconds
  }
}
