"""Compares the files of `wina evaluate --output` with those of lm-evaluation-harness.

    compare_harness.py OURS THEIRS [--tolerance 1e-3]

OURS and THEIRS are the folders given to --output and to lm_eval_tasks.sh. Every sample of ours is
compared with the harness's: its requests, hashes and metrics must be equal and its log-likelihoods
within the tolerance; every metric and standard error must print alike (four decimals); and the
harness's own code must read our files. Prints a line for each task, and fails on any difference.
"""

import argparse
import json
import sys
from pathlib import Path

from lm_eval.api.metrics import mean, mean_stderr, perplexity, weighted_perplexity, bits_per_byte
from lm_eval.utils import get_file_datetime, get_file_task_name, hash_string, make_table

AGGREGATIONS = {
    "acc": mean, "acc_norm": mean, "acc_bytes": mean, "acc_mutual_info": mean, "exact_match": mean,
    "perplexity": perplexity, "word_perplexity": weighted_perplexity,
    "byte_perplexity": weighted_perplexity, "bits_per_byte": bits_per_byte,
}


def newest(folder, pattern):
    found = sorted(folder.rglob(pattern))
    return found[-1] if found else None


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def likelihoods(sample):
    return [
        (float(r if isinstance(r, str) else r[0]), None if isinstance(r, str) else r[1])
        for r in sample["filtered_resps"]]


def printed(value):
    return value if isinstance(value, str) else f"{value:.4f}"


def alike(ours, theirs):
    """Whether two numbers print alike, or are equal to a millionth where they are large."""
    if isinstance(ours, str) or isinstance(theirs, str):
        return ours == theirs
    return printed(ours) == printed(theirs) or abs(ours - theirs) <= 1e-4 * abs(theirs)


def compare(task, ours, theirs, tolerance, problems):
    worst = 0.0
    if len(ours) != len(theirs):
        problems.append(f"{task}: {len(ours)} samples here, {len(theirs)} there")
    for a, b in zip(ours, theirs):
        for key in ("doc_id", "doc", "target", "arguments", "metrics", "filter", "doc_hash",
                    "prompt_hash", "target_hash"):
            if a[key] != b[key]:
                problems.append(f"{task} {a['doc_id']}: {key} differs")
        for (x, greedy), (y, other) in zip(likelihoods(a), likelihoods(b), strict=True):
            # A whole text is a sum over thousands of tokens: a millionth of it is allowed.
            slack = tolerance + 1e-6 * abs(y) if len(a["resps"]) == 1 and greedy is None else 0
            worst = max(worst, abs(x - y) - slack)
            if greedy != other:
                problems.append(f"{task} {a['doc_id']}: is_greedy differs")
        for metric in a["metrics"]:
            if metric.startswith("acc") and a[metric] != b[metric]:
                problems.append(f"{task} {a['doc_id']}: {metric} differs")
    if not worst <= tolerance:
        problems.append(f"{task}: log-likelihoods differ by {worst}")
    return worst


def reaggregated(task, samples, results, problems):
    """The harness's own aggregation of our samples must give our results."""
    for metric in samples[0]["metrics"]:
        if metric not in AGGREGATIONS:
            continue
        values = [s[metric] for s in samples]
        value = AGGREGATIONS[metric](values)
        if abs(value - results[f"{metric},none"]) > 1e-9 * abs(value):
            problems.append(f"{task}: {metric} of our samples is {value}")
        error = results[f"{metric}_stderr,none"]
        if AGGREGATIONS[metric] is mean and abs(mean_stderr(values) - error) > 1e-12:
            problems.append(f"{task}: {metric}_stderr of our samples differs")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    path, other = newest(options.ours, "results_*.json"), newest(options.theirs, "results_*.json")
    if path is None or other is None:
        sys.exit("compare_harness.py: a folder holds no results")
    ours, theirs = (json.loads(p.read_text(encoding="utf-8")) for p in (path, other))
    problems = [f"results have no '{key}'" for key in theirs if key not in ours]
    stamp = get_file_datetime(path.name.replace(".json", ".jsonl"))
    for task, results in theirs["results"].items():
        mine = ours["results"].get(task)
        if mine is None:
            continue
        samples = newest(path.parent, f"samples_{task}_{stamp}.jsonl")
        if get_file_task_name(samples.name) != task:
            problems.append(f"{task}: the harness reads another name from {samples.name}")
        own, reference = lines(samples), lines(newest(options.theirs, f"samples_{task}_[0-9]*T*.jsonl"))
        worst = compare(task, own, reference, options.tolerance, problems)
        reaggregated(task, own, mine, problems)
        hashes = [s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in own]
        if not (ours["task_hashes"][task] == theirs["task_hashes"][task]
                == hash_string("".join(hashes))):
            problems.append(f"{task}: task_hashes differ")
        report = {"task": task, "samples": len(own), "largest_difference": round(worst, 6)}
        for name, value in results.items():
            if "," not in name:
                continue
            if not alike(mine[name], value):
                problems.append(f"{task}: {name} is {mine[name]} here, {value} there")
            report[name.removesuffix(",none")] = printed(mine[name])
        print(json.dumps(report))
    print(make_table(ours), file=sys.stderr)
    for problem in problems[:20]:
        print(f"compare_harness.py: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
