import Testing
import WinaExecution
import WinaTestSupport

struct ScheduleStateTests {
  /// A random graph in topological order.
  private func graph(
    _ count: Int, capacity: ScheduleState.Capacity, using generator: inout SeededGenerator
  ) -> [ScheduleState.Item] {
    (0..<count).map { index in
      let degree = index == 0 ? 0 : Int.random(in: 0...min(3, index), using: &generator)
      let dependencies = (0..<degree).map { _ in Int.random(in: 0..<index, using: &generator) }
      return ScheduleState.Item(
        dependencies: dependencies,
        threads: Int.random(in: 1...(capacity.threads + 1), using: &generator),
        memory: Int.random(in: 0...(capacity.memory + 10), using: &generator),
        seconds: Double.random(in: 0...5, using: &generator))
    }
  }

  /// Plays a schedule against a plain account of what may be true, ending tasks in random order.
  private struct Simulator {
    let items: [ScheduleState.Item]
    let capacity: ScheduleState.Capacity
    let keepGoing: Bool
    var started: [Int] = []
    var running: Set<Int> = []
    var finished: Set<Int> = []
    var failed: Set<Int> = []
    var skipped: [Int: ScheduleState.SkipReason] = [:]
    var hasEnded = false

    func threads(_ task: Int) -> Int { min(items[task].threads, capacity.threads) }
    func memory(_ task: Int) -> Int { min(items[task].memory, capacity.memory) }

    mutating func take(_ actions: [ScheduleState.Action]) {
      for action in actions {
        #expect(!hasEnded, "nothing comes after the end")
        switch action {
        case .start(let task):
          #expect(!running.contains(task) && !finished.contains(task) && !failed.contains(task))
          #expect(skipped[task] == nil)
          #expect(items[task].dependencies.allSatisfy(finished.contains))
          started.append(task)
          running.insert(task)
        case .skip(let task, let reason):
          #expect(skipped.updateValue(reason, forKey: task) == nil)
          #expect(!finished.contains(task) && !failed.contains(task))
        case .end:
          hasEnded = true
          #expect(running.isEmpty)
        }
      }
      #expect(running.reduce(0) { $0 + threads($1) } <= capacity.threads)
      #expect(running.reduce(0) { $0 + memory($1) } <= capacity.memory)
    }

    func cone(of task: Int) -> Set<Int> {
      var cone: Set<Int> = [task]
      for index in items.indices where items[index].dependencies.contains(where: cone.contains) {
        cone.insert(index)
      }
      return cone.subtracting([task])
    }
  }

  @Test func everyTaskRunsOnceAfterItsInputsAndWithinCapacity() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let capacity = ScheduleState.Capacity(
        threads: Int.random(in: 1...6, using: &generator),
        memory: Int.random(in: 1...100, using: &generator))
      let items = graph(
        Int.random(in: 0...40, using: &generator), capacity: capacity, using: &generator)
      var state = ScheduleState(items: items, capacity: capacity, keepGoing: false)
      var simulator = Simulator(items: items, capacity: capacity, keepGoing: false)
      simulator.take(state.handle(.begin))
      while let task = simulator.running.sorted().randomElement(using: &generator) {
        simulator.running.remove(task)
        simulator.finished.insert(task)
        simulator.take(state.handle(.finished(task)))
      }
      #expect(simulator.hasEnded)
      #expect(simulator.started.sorted() == Array(items.indices))
      #expect(simulator.skipped.isEmpty)
    }
  }

  @Test func failuresSkipTheirConesAndNothingElseWhenGoingOn() {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<300 {
      let capacity = ScheduleState.Capacity(threads: 3, memory: 50)
      let items = graph(30, capacity: capacity, using: &generator)
      var state = ScheduleState(items: items, capacity: capacity, keepGoing: true)
      var simulator = Simulator(items: items, capacity: capacity, keepGoing: true)
      simulator.take(state.handle(.begin))
      while let task = simulator.running.sorted().randomElement(using: &generator) {
        simulator.running.remove(task)
        if Int.random(in: 0..<8, using: &generator) == 0 {
          simulator.failed.insert(task)
          simulator.take(state.handle(.failed(task)))
        } else {
          simulator.finished.insert(task)
          simulator.take(state.handle(.finished(task)))
        }
      }
      #expect(simulator.hasEnded)
      let cones = simulator.failed.reduce(into: Set<Int>()) {
        $0.formUnion(simulator.cone(of: $1))
      }
      #expect(Set(simulator.skipped.keys) == cones)
      #expect(simulator.finished.union(simulator.failed).union(cones) == Set(items.indices))
      for (task, reason) in simulator.skipped {
        guard case .upstream(let cause) = reason else {
          Issue.record("task \(task) was skipped for \(reason)")
          continue
        }
        #expect(simulator.cone(of: cause).contains(task))
      }
    }
  }

  @Test func parkingStoppingAndFailingInAnyOrderTerminates() {
    var generator = SeededGenerator(seed: 13)
    for _ in 0..<400 {
      let capacity = ScheduleState.Capacity(threads: 2, memory: 20)
      let items = graph(25, capacity: capacity, using: &generator)
      let keepGoing = Bool.random(using: &generator)
      var state = ScheduleState(items: items, capacity: capacity, keepGoing: keepGoing)
      var simulator = Simulator(items: items, capacity: capacity, keepGoing: keepGoing)
      var parked: Set<Int> = []
      var isStopped = false
      var steps = 0
      simulator.take(state.handle(.begin))
      while !simulator.hasEnded, steps < 10_000 {
        steps += 1
        let choice = Int.random(in: 0..<20, using: &generator)
        let ending = simulator.running.sorted().randomElement(using: &generator)
        if choice == 0, !isStopped, Bool.random(using: &generator) {
          isStopped = true
          simulator.take(state.handle(.stop))
        } else if choice < 6 || ending == nil {
          guard let task = parked.sorted().randomElement(using: &generator) else { continue }
          parked.remove(task)
          let actions = state.handle(.unparked(task))
          simulator.started.removeAll { $0 == task }
          simulator.take(actions)
        } else if let task = ending {
          simulator.running.remove(task)
          let before = simulator.started.count
          switch choice {
          case 6..<9:
            parked.insert(task)
            simulator.take(state.handle(.parked(task)))
          case 9:
            simulator.failed.insert(task)
            simulator.take(state.handle(.failed(task)))
            if !keepGoing { isStopped = true }
          case 10:
            simulator.take(state.handle(.cancelled(task)))
            isStopped = true
          default:
            simulator.finished.insert(task)
            simulator.take(state.handle(.finished(task)))
          }
          if isStopped { #expect(simulator.started.count == before) }
        }
      }
      #expect(simulator.hasEnded)
      let ended = simulator.finished.union(simulator.failed).union(simulator.skipped.keys)
      #expect(ended == Set(items.indices))
    }
  }

  @Test func theLongestChainStartsFirst() {
    // 0 and 1 are ready; 1 heads a chain of 3 seconds more.
    let items: [ScheduleState.Item] = [
      .init(dependencies: [], seconds: 2), .init(dependencies: [], seconds: 1),
      .init(dependencies: [1], seconds: 3),
    ]
    var state = ScheduleState(
      items: items, capacity: .init(threads: 1, memory: 0), keepGoing: false)
    #expect(state.handle(.begin) == [.start(1)])
    #expect(state.handle(.finished(1)) == [.start(2)])
    #expect(state.handle(.finished(2)) == [.start(0)])
    #expect(state.handle(.finished(0)) == [.end])
  }

  @Test func aWideTaskIsNotStarvedByNarrowOnes() {
    // The wide task is the most urgent one; narrow tasks that end one after another may not pass it.
    var items: [ScheduleState.Item] = [
      .init(dependencies: [], threads: 1, seconds: 100),
      .init(dependencies: [0], threads: 1, seconds: 90),
      .init(dependencies: [], threads: 2, seconds: 50),
    ]
    items += (0..<20).map { _ in .init(dependencies: [], threads: 1, seconds: 1) }
    var state = ScheduleState(
      items: items, capacity: .init(threads: 2, memory: 0), keepGoing: false)
    #expect(state.handle(.begin) == [.start(0)], "one core is kept for the wide task")
    #expect(state.handle(.finished(0)) == [.start(1)])
    #expect(state.handle(.finished(1)) == [.start(2)])
    #expect(state.handle(.finished(2)).count == 2)
  }

  @Test func tasksThatFitBesideTheReservedOnePassIt() {
    let items: [ScheduleState.Item] = [
      .init(dependencies: [], threads: 2, seconds: 100),
      .init(dependencies: [], threads: 3, seconds: 50),
      .init(dependencies: [], threads: 1, seconds: 1),
      .init(dependencies: [], threads: 1, seconds: 1),
    ]
    var state = ScheduleState(
      items: items, capacity: .init(threads: 4, memory: 0), keepGoing: false)
    #expect(state.handle(.begin) == [.start(0), .start(2)], "a second one would delay task 1")
    #expect(state.handle(.finished(0)) == [.start(1)])
  }

  @Test func aTaskThatAsksForMoreThanThereIsGetsItAll() {
    let items = [ScheduleState.Item(dependencies: [], threads: 64, memory: 1 << 50)]
    var state = ScheduleState(
      items: items, capacity: .init(threads: 2, memory: 10), keepGoing: false)
    #expect(state.handle(.begin) == [.start(0)])
    #expect(state.handle(.finished(0)) == [.end])
  }

  @Test func anEmptyScheduleEndsAtOnce() {
    var state = ScheduleState(
      items: [], capacity: .init(threads: 1, memory: 0), keepGoing: false)
    #expect(state.handle(.begin) == [.end])
    #expect(state.handle(.stop) == [])
  }
}
