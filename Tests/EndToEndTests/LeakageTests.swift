import Testing
import WinaTestSupport

/// Test data upstream of what is fitted.
struct LeakageTests {
  private let leaky = ToySpec.full.replacing(
    "algorithm: kmeans", with: "algorithm: kmeans, split: test")

  @Test func leakageIsAnErrorUnlessTheSpecSaysSo() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(leaky)
    let refused = try workspace.wina("run", "toy.yaml")
    #expect(refused.status == 2)
    #expect(refused.errors.contains("toy.yaml:13:"))
    try workspace.write("leaky: true\n" + leaky)
    let allowed = try workspace.wina("run", "toy.yaml")
    #expect(allowed.status == 0)
    #expect(allowed.output.hasPrefix("LEAKY"))
    #expect(try workspace.wina("show", "last").output.hasPrefix("LEAKY"))
    #expect(
      try workspace.wina("run", "toy.yaml", "--json").output.contains("\"note\":\"LEAKY"))
  }

  @Test func aSpecWithoutLeakageIsNotStamped() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    #expect(try !workspace.wina("run", "toy.yaml").output.contains("LEAKY"))
  }
}
