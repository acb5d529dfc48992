import Testing

struct LexerTests {
  private func words(_ text: String) -> [String] {
    Lexer.tokens(of: text).filter { $0.kind == .word }.map(\.text)
  }

  private func strings(_ text: String) -> [String] {
    Lexer.tokens(of: text).filter { $0.kind == .string }.map(\.text)
  }

  @Test func commentsAreNoTokens() {
    #expect(words("a // b\nc /* d /* e */ f */ g") == ["a", "c", "g"])
  }

  @Test func stringsAreOneTokenEach() {
    #expect(words(#"let x = "print(1) // no" + y"#) == ["let", "x", "y"])
    #expect(strings(#"f("a\"b", "c\\")"#) == [#"a\"b"#, #"c\\"#])
  }

  @Test func interpolationsAreCode() {
    #expect(words(#"x("a \(Date(y: "q")) b")"#) == ["x", "Date", "y"])
    #expect(strings(#"x("a \(Date(y: "q")) b")"#) == ["a  b", "q"])
  }

  @Test func rawStringsEndAtTheirFence() {
    #expect(words(##"let r = #"say "print" \(no)"# + after"##) == ["let", "r", "after"])
    #expect(words(##"let r = #"\#(yes)"#"##) == ["let", "r", "yes"])
  }

  @Test func multilineStringsHideTheirLines() {
    let text = "let a = \"\"\"\n  print(\"x\")\n  \\(inner)\n  \"\"\"\nlet b"
    #expect(words(text) == ["let", "a", "inner", "let", "b"])
    #expect(Lexer.tokens(of: text).last?.line == 5)
  }

  @Test func anUnfinishedStringEndsWithItsLine() {
    #expect(words("a \"b\nc") == ["a", "c"])
  }

  @Test func linesAreCountedFromOne() {
    #expect(Lexer.tokens(of: "a\n\n  b").map(\.line) == [1, 3])
  }
}
