"""Measures scikit-learn's principal components of rows of a file.

    components_bench.py ROWS --dimension D --components C --threads N [--variance V] [--samples 7]
    components_bench.py ROWS --dimension D --components C --threads N [--variance V] --serve

ROWS holds numbers of 8 bytes, row by row. Each sample is a line of JSON on the standard output:
`seconds` and `variance`, that of all components together. With --serve a sample is taken for every
line that is read, so that a parent can interleave programs. It fails where the variance is not V to a
billionth. Needs scikit-learn.
"""

import sys
import time

sys.dont_write_bytecode = True
import rows_peer  # noqa: E402

options = rows_peer.options(__doc__, ("--components", int, True), ("--variance", float, False))

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


if __name__ == "__main__":
    rows_peer.run(options, sample)
