"""What the peers that read a file of rows share: their options, their threads and their samples."""

import argparse
import json
import os
import sys


def options(description, *more):
    """Parses the command line and limits the threads of libraries that are imported later."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows")
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--serve", action="store_true")
    for name, kind, required in more:
        parser.add_argument(name, type=kind, required=required)
    found = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(found.threads)
    return found


def run(found, sample):
    """Prints samples: one for every line of the standard input, or as many as were asked for."""
    import numpy as np

    rows = np.fromfile(found.rows).reshape(-1, found.dimension)
    for _ in sys.stdin if found.serve else range(found.samples):
        print(json.dumps(sample(rows)), flush=True)
