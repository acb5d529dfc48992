/// A dense array in row-major order with immutable storage, owned or mapped from a file.
///
/// - Invariant: The storage holds exactly as many bytes as the shape and the element type say.
public struct Tensor: Sendable {
  private enum Storage: Sendable {
    case owned([UInt8])
    case mapped(MappedFile, Range<Int>)
  }

  /// The type of the elements.
  public let elementType: ElementType
  /// The extents, outermost first; empty for a scalar.
  public let shape: [Int]
  private let storage: Storage

  /// Makes a tensor from little-endian bytes.
  ///
  /// - Throws: ``TensorError`` when the bytes do not fit the shape.
  public init(bytes: [UInt8], elementType: ElementType, shape: [Int]) throws(TensorError) {
    guard let expected = elementType.byteCount(ofShape: shape), expected == bytes.count else {
      throw .mismatch(
        "\(bytes.count) bytes do not fit a tensor of shape \(shape) and type "
          + elementType.rawValue)
    }
    self.elementType = elementType
    self.shape = shape
    storage = .owned(bytes)
  }

  init(mapped file: MappedFile, _ range: Range<Int>, elementType: ElementType, shape: [Int]) {
    self.elementType = elementType
    self.shape = shape
    storage = .mapped(file, range)
  }

  private init<Element: BitwiseCopyable>(
    elements: [Element], elementType: ElementType, shape: [Int]
  ) {
    precondition(
      elementType.byteCount(ofShape: shape) == elements.count * elementType.byteCount,
      "\(elements.count) elements do not fit shape \(shape)")
    self.elementType = elementType
    self.shape = shape
    storage = .owned(elements.withUnsafeBytes { [UInt8]($0) })
  }

  /// Makes a tensor of f32 values; `shape` holds exactly that many.
  public init(_ values: [Float], shape: [Int]) {
    self.init(elements: values, elementType: .float32, shape: shape)
  }

  /// Makes a tensor of f64 values; `shape` holds exactly that many.
  public init(_ values: [Double], shape: [Int]) {
    self.init(elements: values, elementType: .float64, shape: shape)
  }

  /// Makes a tensor of signed 32-bit integers; `shape` holds exactly that many.
  public init(_ values: [Int32], shape: [Int]) {
    self.init(elements: values, elementType: .int32, shape: shape)
  }

  /// Makes a tensor of signed 64-bit integers; `shape` holds exactly that many.
  public init(_ values: [Int64], shape: [Int]) {
    self.init(elements: values, elementType: .int64, shape: shape)
  }

  /// Makes a tensor of bytes; `shape` holds exactly that many.
  public init(_ values: [UInt8], shape: [Int]) {
    self.init(elements: values, elementType: .uint8, shape: shape)
  }

  /// Makes a tensor of unsigned 32-bit integers; `shape` holds exactly that many.
  public init(_ values: [UInt32], shape: [Int]) {
    self.init(elements: values, elementType: .uint32, shape: shape)
  }

  /// Makes a tensor of unsigned 64-bit integers; `shape` holds exactly that many.
  public init(_ values: [UInt64], shape: [Int]) {
    self.init(elements: values, elementType: .uint64, shape: shape)
  }

  /// Makes a tensor of f16 or bf16 bit patterns; `shape` holds exactly that many.
  ///
  /// - Precondition: The element type is f16 or bf16.
  public init(patterns: [UInt16], elementType: ElementType, shape: [Int]) {
    precondition(elementType == .float16 || elementType == .bfloat16, "a type of half precision")
    self.init(elements: patterns, elementType: elementType, shape: shape)
  }

  /// The number of elements.
  public var count: Int { byteCount / elementType.byteCount }

  /// The size of the storage in bytes.
  public var byteCount: Int {
    switch storage {
    case .owned(let bytes): bytes.count
    case .mapped(_, let range): range.count
    }
  }

  /// The elements as little-endian bytes.
  public var bytes: [UInt8] {
    switch storage {
    case .owned(let bytes): bytes
    case .mapped(let file, let range): [UInt8](file.buffer(range))
    }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch storage {
    case .owned(let bytes): bytes.withUnsafeBytes(body)
    case .mapped(let file, let range): body(file.buffer(range))
    }
  }

  /// Calls a closure with bytes that begin at a multiple of the elements' size.
  func withAlignedBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withBytes { bytes in
      guard let start = bytes.baseAddress, Int(bitPattern: start) % elementType.byteCount != 0
      else { return body(bytes) }
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
      defer { copy.deallocate() }
      copy.copyMemory(from: bytes)
      return body(UnsafeRawBufferPointer(copy))
    }
  }

  /// Lets the system take back the pages of a mapped file that hold only this tensor.
  ///
  /// They are read again from the file if the tensor is used again.
  func releasePages() {
    if case .mapped(let file, let range) = storage { file.release(range) }
  }
}
