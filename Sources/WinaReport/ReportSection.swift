/// A titled table with remarks below it, in no particular format.
struct ReportSection {
  var title: String
  var table: TextTable?
  var remarks: [String] = []
}
