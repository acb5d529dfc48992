"""Compares what `wina evaluate --json --items` and lm-evaluation-harness say of every item.

    compare_items.py WINA.json OUT [--tolerance 1e-3]

WINA.json is the line that `wina evaluate` printed, for one task; OUT is what lm_eval_arc.sh made.
Prints the largest difference of a log-likelihood, and fails if it is above the tolerance.
"""

import argparse
import json
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    task = json.loads(options.ours.read_text(encoding="utf-8"))["tasks"][0]
    theirs = read_samples(options.theirs, task["task"])
    items = task["items"]
    if len(items) != len(theirs):
        sys.exit(f"compare_items.py: {len(items)} items here, {len(theirs)} there")
    worst, count = 0.0, 0
    for item in items:
        ours, reference = item["log_likelihoods"], theirs[item["index"]]
        if len(ours) != len(reference):
            sys.exit(f"compare_items.py: item {item['index']} has another number of choices")
        worst = max(worst, *(abs(a - b) for a, b in zip(ours, reference)))
        count += len(ours)
    print(json.dumps({"items": len(items), "choices": count, "largest_difference": worst}))
    if not worst <= options.tolerance:
        sys.exit(f"compare_items.py: that is above {options.tolerance}")


def read_samples(folder, task):
    """Returns the harness's log-likelihoods by the number of the item."""
    paths = sorted(folder.rglob(f"samples_{task}_*.jsonl"))
    if not paths:
        sys.exit(f"compare_items.py: {folder} holds no samples of {task}")
    samples = {}
    for line in paths[-1].read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        samples[sample["doc_id"]] = [float(response[0][0]) for response in sample["resps"]]
    return samples


if __name__ == "__main__":
    main()
