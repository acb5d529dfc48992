"""Prints the quality tables of the model card, from what wina measures.

    .build/venv/bin/python models/octet/quality.py --split validation

Intervals are 95 % Wilson intervals. The environment is that of train.py.
"""

import argparse
import json
import math
import subprocess
from pathlib import Path

import zstandard

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def wilson(hits, n, z=1.959964):
    centre, spread = hits + z * z / 2, z * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)


def share(hits):
    if not hits:
        return ""
    low, high = wilson(sum(hits), len(hits))
    return f"{100 * sum(hits) / len(hits):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def levels(family, split):
    path = ROOT / f"suites/octet/{family}.jsonl.zst"
    lines = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().splitlines()
    return [r["level"] for r in map(json.loads, lines) if r["split"] == split]


def main(options):
    command = [options.wina, "evaluate", options.model, "--suite", "octet"]
    command += ["--split", options.split, "--json", "--items"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    tasks = [t for t in json.loads(output)["tasks"] if t["task"] != "all"]
    everything = {level: [] for level in range(1, 5)}
    print("| family | n | accuracy | level 1 | level 2 | level 3 | level 4 | perplexity |")
    print("|---|---|---|---|---|---|---|---|")
    for task in tasks:
        hits = {level: [] for level in range(1, 5)}
        for level, item in zip(levels(task["task"], options.split), task["items"], strict=True):
            hits[level].append(item["acc"])
            everything[level].append(item["acc"])
        row = [share(sum(hits.values(), []))] + [share(h).split(" [")[0] for h in hits.values()]
        print(f"| {task['task']} | {task['n']} | {' | '.join(row)} | {task['perplexity']:.3f} |")
    row = [share(sum(everything.values(), []))]
    row += [share(h).split(" [")[0] for h in everything.values()]
    overall = next(t for t in json.loads(output)["tasks"] if t["task"] == "all")
    print(f"| all | {overall['n']} | {' | '.join(row)} | {overall['perplexity']:.3f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wina", default=str(ROOT / ".build/release/wina"))
    parser.add_argument("--model", default=str(HERE))
    parser.add_argument("--split", default="validation")
    main(parser.parse_args())
