"""Writes clusters.json: rows, clusters and what scikit-learn says of them.

Needs numpy and scikit-learn:  python generate.py > clusters.json
"""

import json

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    homogeneity_completeness_v_measure,
    normalized_mutual_info_score,
    silhouette_score,
)

cases = []
for seed, (n, d, k) in enumerate([(60, 3, 4), (90, 5, 3), (40, 2, 6)]):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    rows = rng.normal(size=(n, d)) + 2.5 * rng.normal(size=(k, d))[true]
    starts = rows[rng.choice(n, k, replace=False)]
    fit = KMeans(k, init=starts, n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(rows)
    labels = fit.labels_
    h, c, v = homogeneity_completeness_v_measure(true, labels)
    pca = PCA(min(2, d)).fit(rows)
    cases.append(
        {
            "dimension": d,
            "k": k,
            "rows": rows.ravel().tolist(),
            "labels": true.tolist(),
            "starts": starts.ravel().tolist(),
            "kmeans": labels.tolist(),
            "centroids": fit.cluster_centers_.ravel().tolist(),
            "inertia": float(fit.inertia_),
            "silhouette": float(silhouette_score(rows, labels)),
            "calinski_harabasz": float(calinski_harabasz_score(rows, labels)),
            "davies_bouldin": float(davies_bouldin_score(rows, labels)),
            "ari": float(adjusted_rand_score(true, labels)),
            "ami": float(adjusted_mutual_info_score(true, labels)),
            "nmi": float(normalized_mutual_info_score(true, labels)),
            "homogeneity": float(h),
            "completeness": float(c),
            "v_measure": float(v),
            "average": AgglomerativeClustering(k, linkage="average").fit(rows).labels_.tolist(),
            "ward": AgglomerativeClustering(k, linkage="ward").fit(rows).labels_.tolist(),
            "components": pca.components_.ravel().tolist(),
            "variances": pca.explained_variance_.tolist(),
        }
    )
print(json.dumps({"scikit-learn": __import__("sklearn").__version__, "cases": cases}))
