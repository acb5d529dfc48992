"""What the drivers have in common: their options, and when they take a sample.

A driver takes a number of samples and ends (--samples N), or takes one for every line that it reads
(--serve), so that a parent can interleave several programs without paying for their starts. Each
sample is one line of JSON on the standard output; everything else goes to the standard error.
"""

import argparse
import json
import re
import sys


def parser(description):
    """Returns a parser of the options that all drivers take."""
    result = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("model", help="a checkpoint as transformers writes it")
    result.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    result.add_argument("--threads", type=positive, default=1)
    result.add_argument("--mode", choices=["prefill", "decode"], default="prefill")
    result.add_argument(
        "--rows", type=extents, default=(1, 256), metavar="BxT",
        help="B sequences of T tokens; in decode, T tokens generated for each")
    result.add_argument(
        "--logits", choices=["last", "all"], default="last", help="of which positions, in prefill")
    result.add_argument("--samples", type=positive, default=7)
    result.add_argument(
        "--serve", action="store_true", help="a sample for every line read, until there is none")
    return result


def positive(text):
    """Reads a number of at least one."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def extents(text):
    """Reads rows and columns, such as 8x256."""
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if not match:
        raise argparse.ArgumentTypeError("must be like 8x256")
    return int(match[1]), int(match[2])


def serve(sample):
    """Prints one sample for every line of the standard input."""
    print("ready", file=sys.stderr, flush=True)
    for _ in sys.stdin:
        emit(sample())


def emit(values):
    """Prints a sample."""
    print(json.dumps(values), flush=True)
