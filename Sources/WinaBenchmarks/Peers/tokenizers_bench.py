"""Measures Hugging Face `tokenizers` on the lines of a text, one at a time and on one thread.

    tokenizers_bench.py TOKENIZER.json TEXT [--samples 7]
    tokenizers_bench.py TOKENIZER.json TEXT --serve

Each sample is a line of JSON on the standard output: `seconds`, `tokens` and
`megabytes_per_second`. With --serve a sample is taken for every line that is read, so that a parent
can interleave programs; `ready` on the standard error says that the tokenizer is loaded. The name
of this file is not `tokenizers.py` because that would hide the library from all scripts here.
"""

import argparse
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers  # noqa: E402


def sample(tokenizer, lines):
    """Encodes every line once."""
    begin = time.perf_counter()
    tokens = 0
    for line in lines:
        tokens += len(tokenizer.encode(line, add_special_tokens=False).ids)
    seconds = time.perf_counter() - begin
    size = sum(len(line.encode()) + 1 for line in lines)
    return {"seconds": seconds, "tokens": tokens, "megabytes_per_second": size / seconds / 1e6}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("text")
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    tokenizer = tokenizers.Tokenizer.from_file(options.tokenizer)
    with open(options.text, encoding="utf-8", newline="") as file:
        lines = file.read().split("\n")
    sample(tokenizer, lines)
    if options.serve:
        print("ready", file=sys.stderr, flush=True)
        for _ in sys.stdin:
            print(json.dumps(sample(tokenizer, lines)), flush=True)
    else:
        for _ in range(options.samples):
            print(json.dumps(sample(tokenizer, lines)), flush=True)


if __name__ == "__main__":
    main()
