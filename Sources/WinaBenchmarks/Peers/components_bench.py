"""Measures scikit-learn's principal components of rows of a file.

    components_bench.py ROWS --dimension D --components C --threads N [--variance V] [--samples 7]
    components_bench.py ROWS --dimension D --components C --threads N [--variance V] --serve

ROWS holds numbers of 8 bytes, row by row. Each sample is a line of JSON on the standard output:
`seconds` and `variance`, that of all components together. With --serve a sample is taken for every
line that is read, so that a parent can interleave programs. It fails where the variance is not V to a
billionth. Needs scikit-learn.
"""

import argparse
import json
import os
import sys
import time

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("rows")
parser.add_argument("--dimension", type=int, required=True)
parser.add_argument("--components", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--variance", type=float)
parser.add_argument("--samples", type=int, default=7)
parser.add_argument("--serve", action="store_true")
options = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(options.threads)

import numpy as np  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402


def sample(rows):
    """Finds the components once."""
    model = PCA(options.components, svd_solver="arpack", random_state=0)
    begin = time.perf_counter()
    model.fit(rows)
    seconds = time.perf_counter() - begin
    variance = float(model.explained_variance_.sum())
    if options.variance is not None and abs(variance / options.variance - 1) > 1e-9:
        sys.exit(f"components_bench.py: the variance is {variance}, not {options.variance}")
    return {"seconds": seconds, "variance": variance}


def main():
    rows = np.fromfile(options.rows).reshape(-1, options.dimension)
    if options.serve:
        for _ in sys.stdin:
            print(json.dumps(sample(rows)), flush=True)
    else:
        for _ in range(options.samples):
            print(json.dumps(sample(rows)), flush=True)


if __name__ == "__main__":
    main()
