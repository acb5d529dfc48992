import Testing
import WinaDiagnostics
import WinaSpec

@Suite("Sweep, references and settings") struct SweepTests {
  private func spec(_ rest: String, _ settings: [String] = []) throws -> ExperimentSpec {
    let result = Toy.parse("experiment: t\n" + rest, settings: settings)
    return try #require(result.spec, "\(result.diagnostics)")
  }

  private let stages = """
    model: "${m}"
    data: {suite: octet, limit: "${n}"}
    vars: {s: 0.5, t: "${s}", k: 8, m: octet, n: 100, text: "s${t}-$${k}"}
    stages:
      a: {kind: profile, sparsity: "${t}", name: "${text}"}
      b: {kind: cluster, k: "${k}"}
      c: {kind: capture}
      d: {kind: capture, nested: {deep: {x: 1}}}

    """

  @Test func gridMultipliesAndZipPairs() throws {
    let grid = try spec(stages + "sweep: {grid: {s: [0.1, 0.2], b.k: [1, 2, 3]}}")
    #expect(
      grid.cells().map(\.label) == [
        "s=0.1,b.k=1", "s=0.1,b.k=2", "s=0.1,b.k=3", "s=0.2,b.k=1", "s=0.2,b.k=2", "s=0.2,b.k=3",
      ])
    let zip = try spec(stages + "sweep: {zip: {s: [0.1, 0.2], b.k: [1, 2]}}")
    #expect(zip.cells().map(\.label) == ["s=0.1,b.k=1", "s=0.2,b.k=2"])
    let both = try spec(stages + "sweep: {zip: {s: [0.1, 0.2], b.k: [1, 2]}, grid: {n: [5, 6]}}")
    #expect(both.cells().count == 4)
    #expect(both.cells()[1].label == "n=5,s=0.2,b.k=2")
  }

  @Test func wholeReferencesTakeTheTypeAndTextInterpolates() throws {
    let node = try spec(
      """
      vars: {i: 8, d: 0.50, b: true, s: "0.5", l: [1, "${i}"], m: {x: "${l}"}, none: null}
      stages:
        a: {i: "${i}", p: ${i}x, d: '${d}', b: "${b}", s: "${s}", m: "${m}", none: "${none}",
            text: "i=${i} d=${d} b=${b} s=${s} $${i} $$${i} $i {i}", hex: "${i}0"}
      """.replacing("p: ${i}x, ", with: "p: \"${i}x\", ")
    ).stages(in: SweepCell())[0].node
    #expect(
      node
        == Toy.node(
          """
          {i: 8, p: "8x", d: 0.5, b: true, s: "0.5", m: {x: [1, 8]}, none: null,
           text: "i=8 d=0.5 b=true s=0.5 ${i} $${i} $i {i}", hex: "80"}
          """))
  }

  @Test func substitutedValuesPointAtTheirDefinitionAndRememberTheirUses() throws {
    let spec = try spec(stages + "sweep: {grid: {s: [0.1, 0.2]}}")
    let value = try #require(spec.stage("a", in: spec.cells()[1])?.node["sparsity"])
    #expect(value.range.text == "0.2")
    #expect(value.range.start.line == 9 + 1)
    #expect(value.via.map(\.text) == ["${t}", "${s}"])
    #expect(value.via.map(\.start.line) == [6, 4])
  }

  @Test func referencesResolvePerCell() throws {
    let spec = try spec(stages + "sweep: {grid: {s: [0.1, 0.2], n: [5, 6], model: [x, \"${m}2\"]}}")
    let cells = spec.cells()
    #expect(cells.count == 8)
    #expect(cells.map { spec.model(in: $0)?.value }.suffix(2) == ["x", "octet2"])
    #expect(spec.data(in: cells[7])?.limit?.value == 6)
    #expect(spec.stage("a", in: cells[7])?.node["name"]?.string == "s0.2-${k}")
  }

  @Test func axesUsedFollowVarsAndPaths() throws {
    let spec = try spec(
      stages
        + "sweep: {grid: {s: [1, 2], b.k: [1, 2], m: [x, y], data.limit: [1, 2], c.z: [\"${n}\"]}}")
    func used(_ name: String) -> Set<String> {
      spec.stages.first { $0.name.value == name }.map { spec.axesUsed(by: $0) } ?? ["missing"]
    }
    #expect(used("a") == ["s"])
    #expect(used("b") == ["b.k"])
    #expect(used("c") == ["c.z"])
    #expect(used("d") == [])
    #expect(spec.axesUsedByModel() == ["m"])
    #expect(spec.axesUsedByData() == ["data.limit"])
  }

  @Test func cellsThatAgreeOnTheUsedAxesGiveEqualStages() throws {
    let spec = try spec(
      stages + "sweep: {grid: {s: [1, 2, 3], k: [1, 2], d.nested.deep.x: [4, 5], n: [6, 7]}}")
    for stage in spec.stages {
      let axes = spec.axesUsed(by: stage)
      var seen: [SweepCell: YAMLNode] = [:]
      for cell in spec.cells() {
        let node = try #require(spec.stage(stage.name.value, in: cell)).node
        let projected = cell.projected(onto: axes)
        #expect(spec.stage(stage.name.value, in: projected)?.node == node)
        #expect(seen.updateValue(node, forKey: projected) ?? node == node)
      }
      #expect(Set(seen.values).count == seen.count)
    }
  }

  @Test func settingsComeLast() throws {
    let sweep = "sweep: {grid: {s: [0.1, 0.2], b.k: [1, 2]}}"
    let spec = try spec(
      stages + sweep,
      ["s=0.9", "d.nested.deep.y=[1, two]", "data.limit=7", "model=other", "k=null", "s=0.3"])
    #expect(spec.cells().map(\.label) == ["b.k=1", "b.k=2"])
    let cell = spec.cells()[0]
    #expect(spec.stage("a", in: cell)?.node["sparsity"]?.scalar?.value == .double(0.3))
    #expect(spec.stage("a", in: cell)?.node["sparsity"]?.range.description == "--set:1:3")
    #expect(spec.stage("d", in: cell)?.node == Toy.node("{nested: {deep: {x: 1, y: [1, two]}}}"))
    #expect(spec.data(in: cell)?.limit?.value == 7)
    #expect(spec.model(in: cell)?.value == "other")
  }

  @Test func settingNullRemovesAParameter() throws {
    let spec = try spec(stages, ["b.k=null"])
    #expect(spec.stage("b", in: SweepCell())?.entries.isEmpty == true)
  }

  @Test func aSettingBelowAnAxisHoldsInEveryCell() throws {
    let spec = try spec(
      stages + "sweep: {grid: {d.nested: [{deep: {x: 2}}, {deep: {x: 3}}]}}",
      ["d.nested.deep.y=9"])
    let nodes = spec.cells().map { spec.stage("d", in: $0)?.node }
    #expect(
      nodes == [
        Toy.node("{nested: {deep: {x: 2, y: 9}}}"), Toy.node("{nested: {deep: {x: 3, y: 9}}}"),
      ])
  }

  @Test func aSettingAboveAnAxisRemovesIt() throws {
    let spec = try spec(
      stages + "sweep: {grid: {d.nested.deep.x: [2, 3]}}", ["d.nested={deep: {x: 5}}"])
    #expect(spec.cells() == [SweepCell()])
    #expect(spec.stage("d", in: SweepCell())?.node == Toy.node("{nested: {deep: {x: 5}}}"))
  }

  @Test func escapedReferencesInAxesAreNotResolvedTwice() throws {
    let spec = try spec(
      "vars: {v: x, w: 1}\nstages: {a: {kind: command, run: \"${v}\", w: \"${w}\"}}\n"
        + "sweep: {grid: {v: [\"$${w}\", \"${w}\"]}}")
    let texts = spec.cells().map { spec.stage("a", in: $0)?.node["run"]?.inlineDescription }
    #expect(texts == ["${w}", "1"])
  }

  @Test func aSweptVarNeedNotResolveByItself() throws {
    let spec = try spec(
      "vars: {a: \"${b}\", b: \"${a}\"}\nstages: {c: {x: \"${b}\"}}\nsweep: {grid: {a: [1, 2]}}")
    #expect(
      spec.cells().map { spec.stage("c", in: $0)?.node["x"]?.inlineDescription } == ["1", "2"])
  }

  @Test func axesMayReferToVars() throws {
    let spec = try spec(
      "vars: {k: 4, s: 0}\nstages: {c: {x: \"${s}\"}}\nsweep: {grid: {s: [\"${k}\", 5]}}")
    #expect(spec.cells().map(\.label) == ["s=4", "s=5"])
  }
}
