"""Measures scikit-learn's k-means on rows of a file, from the first rows as centroids.

    kmeans_bench.py ROWS --dimension D --clusters K --threads N [--inertia I] [--samples 7]
    kmeans_bench.py ROWS --dimension D --clusters K --threads N [--inertia I] --serve

ROWS holds numbers of 8 bytes, row by row. Each sample is a line of JSON on the standard output:
`seconds`, `iterations` and `inertia`. With --serve a sample is taken for every line that is read, so
that a parent can interleave programs. It fails where the inertia is not I to a millionth. Needs
scikit-learn.
"""

import sys
import time

sys.dont_write_bytecode = True
import rows_peer  # noqa: E402

options = rows_peer.options(__doc__, ("--clusters", int, True), ("--inertia", float, False))

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


if __name__ == "__main__":
    rows_peer.run(options, sample)
