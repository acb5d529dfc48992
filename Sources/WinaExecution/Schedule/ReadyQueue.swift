/// The tasks that may start, most urgent first; equally urgent ones in the order of the graph.
///
/// A binary heap: inserting and removing are O(log n).
struct ReadyQueue: Sendable {
  private struct Entry {
    var priority: Double
    var task: Int

    func isBefore(_ other: Entry) -> Bool {
      priority != other.priority ? priority > other.priority : task < other.task
    }
  }

  private var heap: [Entry] = []

  var isEmpty: Bool { heap.isEmpty }

  mutating func insert(_ task: Int, priority: Double) {
    heap.append(Entry(priority: priority, task: task))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Int? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    return first.task
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var best = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].isBefore(heap[best]) { best = child }
      }
      if best == parent { return }
      heap.swapAt(best, parent)
      parent = best
    }
  }
}
