"""Writes values.json: singular values and right singular vectors of small matrices by LAPACK (NumPy).

    python3 generate.py

Elements are exact: ((37 i + 101 j + 17 i j + 5 i² j) mod 113) / 128 − 0.5, with some matrices made
rank-deficient by repeating rows. Vectors are signed so that the component of largest magnitude is
positive.
"""

import json
import pathlib

import numpy

MATRICES = [(12, 5, 12), (7, 7, 7), (4, 9, 4), (20, 6, 3), (3, 8, 2), (1, 4, 1), (5, 1, 5)]


def matrix(rows, columns, distinct):
    i = numpy.arange(rows)[:, None] % distinct
    j = numpy.arange(columns)[None, :]
    return ((37 * i + 101 * j + 17 * i * j + 5 * i * i * j) % 113) / 128 - 0.5


def entry(rows, columns, distinct):
    a = matrix(rows, columns, distinct)
    _, values, vectors = numpy.linalg.svd(a, full_matrices=True)
    rank = int((values > max(a.shape) * numpy.finfo(float).eps * values[0]).sum())
    kept = []
    for vector in vectors[:rank]:
        sign = -1 if vector[numpy.argmax(numpy.abs(vector))] < 0 else 1
        kept.append((sign * vector).tolist())
    return {
        "rows": rows, "columns": columns, "distinct": distinct, "rank": rank,
        "values": values.tolist(), "vectors": kept,
    }


path = pathlib.Path(__file__).with_name("values.json")
path.write_text(json.dumps([entry(*shape) for shape in MATRICES], indent=1) + "\n")
