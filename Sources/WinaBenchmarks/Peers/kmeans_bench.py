"""Measures scikit-learn's k-means on rows of a file, from the first rows as centroids.

    kmeans_bench.py ROWS --dimension D --clusters K --threads N [--inertia I] [--samples 7]
    kmeans_bench.py ROWS --dimension D --clusters K --threads N [--inertia I] --serve

ROWS holds numbers of 8 bytes, row by row. Each sample is a line of JSON on the standard output:
`seconds`, `iterations` and `inertia`. With --serve a sample is taken for every line that is read, so
that a parent can interleave programs. It fails where the inertia is not I to a millionth. Needs
scikit-learn.
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
parser.add_argument("--clusters", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--inertia", type=float)
parser.add_argument("--samples", type=int, default=7)
parser.add_argument("--serve", action="store_true")
options = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(options.threads)

import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402


def sample(rows):
    """Clusters the rows once."""
    model = KMeans(
        options.clusters, init=rows[: options.clusters], n_init=1, max_iter=300, tol=1e-4,
        algorithm="lloyd")
    begin = time.perf_counter()
    model.fit(rows)
    seconds = time.perf_counter() - begin
    if options.inertia is not None and abs(model.inertia_ / options.inertia - 1) > 1e-6:
        sys.exit(f"kmeans_bench.py: the inertia is {model.inertia_}, not {options.inertia}")
    return {
        "seconds": seconds, "iterations": int(model.n_iter_), "inertia": float(model.inertia_)}


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
