"""Writes agreement.json: purity, variation of information and exact permutation p values.

Every arrangement of the labels is enumerated, over all items or within strata; indices are
scikit-learn's. Needs numpy, scipy and scikit-learn:  python generate_agreement.py > agreement.json
"""

import itertools
import json

import numpy as np
import sklearn
from scipy.stats import entropy
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, mutual_info_score
from sklearn.metrics.cluster import contingency_matrix


def purity(labels, clusters):
    return float(contingency_matrix(labels, clusters).max(axis=0).sum() / len(labels))


def variation(a, b):
    entropies = [entropy(np.unique(labels, return_counts=True)[1]) for labels in (a, b)]
    return float(sum(entropies) - 2 * mutual_info_score(a, b))


def arrangements(labels, strata):
    """All label vectors that shuffling within strata can give, each as often as it occurs."""
    blocks = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    orders = [list(itertools.permutations(labels[block])) for block in blocks]
    for combination in itertools.product(*orders):
        arranged = labels.copy()
        for block, values in zip(blocks, combination):
            arranged[block] = values
        yield arranged


def permuted(index, labels, clusters, strata):
    observed = index(labels, clusters)
    seen = {}
    values = []
    for arranged in arrangements(labels, strata):
        key = arranged.tobytes()
        if key not in seen:
            seen[key] = index(arranged, clusters)
        values.append(seen[key])
    values = np.array(values)
    return {
        "observed": float(observed),
        "null_mean": float(values.mean()),
        "p": float((values >= observed - 1e-12).mean()),
    }


INDICES = {
    "rand": adjusted_rand_score, "information": adjusted_mutual_info_score, "purity": purity}
cases = []
for labels, clusters, strata in [
    ([0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 1, 1, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1, 1, 1]),
    ([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1]),
    ([0, 1, 0, 1, 0, 1, 0, 1], [3, 3, 3, 5, 5, 5, 5, 3], [0, 0, 0, 1, 1, 1, 2, 2]),
    ([4, 4, 4, 4, 4, 7, 7, 9], [1, 1, 1, 1, 0, 0, 0, 0], [0, 1, 0, 1, 0, 1, 0, 1]),
]:
    labels, clusters, strata = map(np.array, (labels, clusters, strata))
    whole = np.zeros_like(strata)
    cases.append(
        {
            "labels": labels.tolist(),
            "clusters": clusters.tolist(),
            "strata": strata.tolist(),
            "purity": purity(labels, clusters),
            "variation": variation(labels, clusters),
            "whole": {n: permuted(f, labels, clusters, whole) for n, f in INDICES.items()},
            "within": {n: permuted(f, labels, clusters, strata) for n, f in INDICES.items()},
        }
    )
print(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}))
