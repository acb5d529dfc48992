extension HarnessOutput {
  /// The text of the results file.
  public func results() -> String {
    let tasks = reports.map { OrderedJSON.Member($0.task.name, results(of: $0)) }
    let grouped = groups.map { OrderedJSON.Member($0.name, results(of: $0)) }
    var members: [OrderedJSON.Member] = [.init("results", .object(grouped + tasks))]
    if !groups.isEmpty { members.append(.init("groups", .object(grouped))) }
    members += [
      .init("group_subtasks", .object(groups.map { .init($0.name, texts($0.members)) })),
      .init("configs", byTask { configuration(of: $0) }),
      .init("versions", versions),
      .init("n-shot", byTask { _ in 0 }),
      .init("higher_is_better", higherIsBetter),
      .init(
        "n-samples",
        .object(
          reports.map {
            .init(
              $0.task.name,
              ["original": .int($0.available), "effective": .int($0.items.count)])
          })),
      .init("config", configuration), .init("git_hash", nil), .init("date", .double(run.date)),
      .init("pretty_env_info", .string(run.program)), .init("transformers_version", nil),
      .init("lm_eval_version", .string(run.program)), .init("upper_git_hash", nil),
    ]
    for role in ["pad", "eos", "bos"] {
      let token = run.specialTokens.first { $0.role == role }
      members.append(
        .init(
          "tokenizer_\(role)_token",
          token.map { [.string($0.text), .string(String($0.id))] } ?? ["None", "None"]))
    }
    let end = run.specialTokens.first { $0.role == "eos" }
    members += [
      .init("eot_token_id", end.map { .int(Int($0.id)) } ?? nil),
      .init("max_length", .int(run.maxLength)), .init("task_hashes", hashes),
      .init("model_source", "wina"), .init("model_name", .string(run.model)),
      .init("model_name_sanitized", .string(HarnessOutput.folder(of: run.model))),
      .init("system_instruction", nil), .init("system_instruction_sha", nil),
      .init("fewshot_as_multiturn", nil), .init("chat_template", nil),
      .init("chat_template_sha", nil), .init("start_time", .double(run.date)),
      .init("end_time", .double(run.date + run.seconds)),
      .init("total_evaluation_time_seconds", .string(PythonText.representation(of: run.seconds))),
      .init("wina_amp", extras),
    ]
    return OrderedJSON.object(members).dumped(indent: 2)
  }

  private func texts(_ texts: [String]) -> OrderedJSON { .array(texts.map { .string($0) }) }

  private func byTask(_ value: (BenchmarkTask) -> OrderedJSON) -> OrderedJSON {
    .object(
      reports.map(\.task).sorted { $0.name < $1.name }.map { .init($0.name, value($0)) })
  }

  private func results(of report: TaskReport) -> OrderedJSON {
    .object(
      [
        .init("name", .string(report.task.name)), .init("alias", .string(report.task.alias)),
        .init("sample_len", .int(report.items.count)),
      ] + numbers(report.results))
  }

  /// What the run's description adds, and the metrics of the evaluate stage by task.
  private var extras: OrderedJSON {
    let tasks = reports.map { report in
      let values = EvaluationMetric.allCases.compactMap { metric in
        report[metric].flatMap { value in
          value.value.isFinite ? OrderedJSON.Member(metric.rawValue, .double(value.value)) : nil
        }
      }
      return OrderedJSON.Member(report.task.name, .object(values))
    }
    guard case .object(let members) = run.extras else { return .object(tasks) }
    return .object(members + [.init("results", .object(tasks))])
  }

  private func results(of group: TaskGroup) -> OrderedJSON {
    .object(
      [
        .init("alias", .string(group.alias)), .init("name", .string(group.name)),
        .init("sample_len", .int(group.size)),
      ] + numbers(group.results) + [
        .init(
          "sample_count",
          .object(
            group.results.map { .init("\($0.metric.rawValue),\($0.filter)", .int(group.size)) }))
      ])
  }

  private func numbers(_ results: [HarnessResult]) -> [OrderedJSON.Member] {
    results.flatMap { result in
      [
        OrderedJSON.Member("\(result.metric.rawValue),\(result.filter)", .double(result.value)),
        .init(
          "\(result.metric.rawValue)_stderr,\(result.filter)",
          result.standardError.map { .double($0) } ?? "N/A"),
      ]
    }
  }

  private var versions: OrderedJSON {
    let tasks = reports.map { OrderedJSON.Member($0.task.name, .double($0.task.version)) }
    let grouped = groups.map { OrderedJSON.Member($0.name, .string("2")) }
    return .object((tasks + grouped).sorted { $0.name < $1.name })
  }

  private var higherIsBetter: OrderedJSON {
    let tasks = reports.map { report in
      OrderedJSON.Member(report.task.name, HarnessOutput.directions(report.results))
    }
    let grouped = groups.map {
      OrderedJSON.Member($0.name, HarnessOutput.directions($0.results))
    }
    return .object((tasks + grouped).sorted { $0.name < $1.name })
  }

  private static func directions(_ results: [HarnessResult]) -> OrderedJSON {
    var members: [OrderedJSON.Member] = []
    for result in results where !members.contains(where: { $0.name == result.metric.rawValue }) {
      members.append(.init(result.metric.rawValue, .bool(result.metric.isHigherBetter)))
    }
    return .object(members)
  }

  private func configuration(of task: BenchmarkTask) -> OrderedJSON {
    let output: OrderedJSON =
      switch task.kind {
      case .multipleChoice: "multiple_choice"
      case .continuation: "loglikelihood"
      case .documents, .rolling: "loglikelihood_rolling"
      }
    return [
      "task": .string(task.name), "task_alias": .string(task.alias), "unsafe_code": false,
      "description": "", "target_delimiter": " ", "fewshot_delimiter": "\n\n", "num_fewshot": 0,
      "metric_list": .array(
        task.metrics.map {
          [
            "metric": .string($0.rawValue), "aggregation": .string($0.aggregation),
            "higher_is_better": .bool($0.isHigherBetter),
          ]
        }),
      "output_type": output, "repeats": 1, "should_decontaminate": false,
      "metadata": ["version": .double(task.version)],
    ]
  }

  private var configuration: OrderedJSON {
    [
      "model": "wina", "model_args": ["pretrained": .string(run.model)],
      "model_num_parameters": .int(run.parameters), "model_dtype": .string(run.dtype),
      "model_revision": "main", "model_sha": "", "batch_size": 1, "batch_sizes": [],
      "device": "cpu", "use_cache": nil, "limit": run.limit.map { .double(Double($0)) } ?? nil,
      "bootstrap_iters": .int(HarnessAggregation.bootstrapIterations), "gen_kwargs": [:],
      "random_seed": 0, "numpy_seed": 1234, "torch_seed": 1234, "fewshot_seed": 1234,
    ]
  }

  /// The digest of all digests of a task's samples, in order.
  private var hashes: OrderedJSON {
    .object(reports.map { .init($0.task.name, .string(hash(of: $0))) })
  }
}
