/// What the progress display needs to know of a run.
package enum ProgressEvent: Sendable, Hashable {
  /// The run has begun; so many of all tasks are not cached.
  case started(total: Int, toRun: Int, jobs: Int)
  /// A task has begun.
  case taskStarted(name: String)
  /// A task got so far.
  case taskProgress(name: String, done: Int, total: Int)
  /// A task has ended well, or was found not to be needed.
  case taskFinished(name: String, status: String, seconds: Double)
  /// A task has failed.
  case taskFailed(name: String, message: String, hint: String)
  /// Something that does not stop the run.
  case warning(String)
  /// The run has ended.
  case finished
}
