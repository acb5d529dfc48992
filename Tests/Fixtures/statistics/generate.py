"""Writes the reference values that WinaStatisticsTests compares with.

Needs numpy, scipy and statsmodels (made with 2.4.6, 1.17.1 and 0.15.0):

    python3 Tests/Fixtures/statistics/generate.py
"""

import json
import pathlib
import warnings

import numpy as np
import statsmodels
import statsmodels.api as sm
import statsmodels.stats.proportion as proportion
from scipy import interpolate, stats
import scipy
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent


def numbers(array):
    return np.asarray(array, float).tolist()


def bootstrap():
    """Intervals by scipy, whose units are the documents for the cluster bootstrap."""
    rng = np.random.default_rng(7)
    documents = np.repeat(np.arange(30), rng.integers(1, 5, 30))
    tokens = rng.integers(5, 40, documents.size).astype(float)
    effect = rng.normal(0, 0.6, 30)[documents]
    nll = np.round(tokens * np.exp(0.4 * effect + rng.normal(0, 0.2, documents.size)), 3)
    top = np.bincount(documents, nll)
    bottom = np.bincount(documents, tokens)
    accuracy = np.round(rng.normal(0.05, 0.3, 40), 3)
    out = {"documents": documents.tolist(), "numerators": numbers(nll), "denominators": numbers(tokens),
           "differences": numbers(accuracy), "intervals": []}
    for method, name in (("percentile", "percentile"), ("bca", "BCa")):
        for unit, a, b in (("entry", nll, tokens), ("document", top, bottom)):
            result = stats.bootstrap(
                (a, b), lambda x, y, axis=-1: x.sum(axis) / y.sum(axis), paired=True, vectorized=True,
                n_resamples=200_000, batch=2000, method=name, rng=np.random.default_rng(1))
            out["intervals"].append({
                "statistic": "ratio", "method": method, "unit": unit, "estimate": float(a.sum() / b.sum()),
                "low": result.confidence_interval.low, "high": result.confidence_interval.high,
                "error": result.standard_error})
        result = stats.bootstrap((accuracy,), np.mean, n_resamples=200_000, batch=2000, method=name,
                                 rng=np.random.default_rng(1))
        out["intervals"].append({
            "statistic": "mean", "method": method, "unit": "entry", "estimate": float(accuracy.mean()),
            "low": result.confidence_interval.low, "high": result.confidence_interval.high,
            "error": result.standard_error})
    return out


def tests():
    rng = np.random.default_rng(11)
    out = {"mcnemar": [], "correction": [], "signFlip": [], "tost": [], "wilson": [], "power": [],
           "student": []}
    for b, c in ((10, 2), (0, 0), (1, 0), (30, 31), (55, 80), (0, 7), (400, 340)):
        exact = mcnemar([[5, b], [c, 9]], exact=True).pvalue if b + c else 1.0
        mid = min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5))
        out["mcnemar"].append({"b": b, "c": c, "exact": float(exact), "mid": float(mid if b + c else 1.0)})
    for size in (1, 2, 7, 40):
        p = rng.uniform(0, 1, size) ** 3
        p[: size // 3] = p[0]
        out["correction"].append({
            "p": numbers(p), "holm": numbers(multipletests(p, method="holm")[1]),
            "bh": numbers(multipletests(p, method="fdr_bh")[1])})
    for size in (3, 8, 12):
        d = np.round(rng.normal(0.4, 1, size), 2)
        exact = stats.permutation_test((d, np.zeros(size)), lambda x, y: np.mean(x - y), vectorized=False,
                                       permutation_type="samples", n_resamples=np.inf)
        out["signFlip"].append({"differences": numbers(d), "p": float(exact.pvalue)})
    for size, margin in ((5, 0.5), (30, 0.2), (200, 0.05)):
        d = np.round(rng.normal(0.01, 0.3, size), 3)
        p, lower, upper = DescrStatsW(d).ttost_mean(-margin, margin)
        out["tost"].append({"differences": numbers(d), "margin": margin, "p": float(p),
                            "lower": float(lower[1]), "upper": float(upper[1])})
    for k, n, level in ((8, 10, 0.95), (0, 20, 0.95), (20, 20, 0.9), (1385, 1838, 0.99)):
        low, high = proportion.proportion_confint(k, n, 1 - level, method="wilson")
        out["wilson"].append({"k": k, "n": n, "confidence": level, "low": float(low), "high": float(high)})
    for n in (200, 2000):
        # With many pairs the t test's power tends to that of the normal approximation.
        out["power"].append({"n": n, "effect": float(TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8))})
    for t, degrees in ((-8.0, 1), (-2.5, 3), (-0.1, 7), (0.0, 2), (1.3, 4.5), (2.0, 30), (-6, 200), (-40, 5)):
        out["student"].append({"t": t, "degrees": degrees, "cdf": float(stats.t.cdf(t, degrees))})
    out["quantiles"] = [
        {"p": p, "degrees": d, "t": float(stats.t.ppf(p, d))}
        for p, d in ((0.025, 3), (0.95, 1), (1e-6, 12), (0.6, 250))]
    return out


def curves():
    rng = np.random.default_rng(3)
    out = []
    for x, y in (
        ([0.0, 1.0], [2.0, 5.0]),
        ([0.0, 0.4, 1.0], [0.0, 2.0, 1.0]),
        ([0.25, 0.4, 0.5, 0.65, 0.8], [0.01, 0.03, 0.07, 0.3, 1.4]),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 1.0, 1.0, 0.2, 0.2]),
        (sorted(rng.uniform(0, 1, 9)), list(rng.normal(0, 1, 9))),
    ):
        curve = interpolate.PchipInterpolator(x, y)
        at = np.linspace(x[0], x[-1], 23)
        low, high = x[0] + 0.1 * (x[-1] - x[0]), x[0] + 0.83 * (x[-1] - x[0])
        out.append({"x": numbers(x), "y": numbers(y), "at": numbers(at), "values": numbers(curve(at)),
                    "low": low, "high": high, "mean": float(curve.integrate(low, high) / (high - low))})
    return out


def variance():
    """Balanced designs by hand-written sums of squares and, where it applies, by REML."""
    rng = np.random.default_rng(5)
    a, b, n = 5, 4, 30
    outer = rng.normal(0, 1.0, a)
    inner = rng.normal(0, 0.7, (a, b))
    item = rng.normal(0, 1.5, n)
    noise = rng.normal(0, 0.5, (a, b, n))
    y = np.round(3 + outer[:, None, None] + inner[:, :, None] + item + noise, 4)
    nested = np.round(3 + outer[:, None, None] + inner[:, :, None] + noise, 4)

    def anova(y):
        grand, am, bm, im = y.mean(), y.mean((1, 2)), y.mean(2), y.mean((0, 1))
        ssa = b * n * ((am - grand) ** 2).sum()
        ssb = n * ((bm - am[:, None]) ** 2).sum()
        ssi = a * b * ((im - grand) ** 2).sum()
        sst = ((y - grand) ** 2).sum()
        return ssa, ssb, ssi, sst

    ssa, ssb, ssi, sst = anova(y)
    msa, msb, msi = ssa / (a - 1), ssb / (a * (b - 1)), ssi / (n - 1)
    mse = (sst - ssa - ssb - ssi) / ((a * b - 1) * (n - 1))
    out = {"values": y.tolist(), "nestedValues": nested.tolist()}
    out["nestedCrossed"] = {"outer": (msa - msb) / (b * n), "inner": (msb - mse) / n,
                            "item": (msi - mse) / (a * b), "residual": mse}
    flat = y.reshape(a * b, n)
    grand = flat.mean()
    mss = n * ((flat.mean(1) - grand) ** 2).sum() / (a * b - 1)
    out["crossed"] = {"seed": (mss - mse) / n, "item": (msi - mse) / (a * b), "residual": mse, "mean": grand}
    ssa, ssb, _, sst = anova(nested)
    msa, msb, mse = ssa / (a - 1), ssb / (a * (b - 1)), (sst - ssa - ssb) / (a * b * (n - 1))
    out["nested"] = {"outer": (msa - msb) / (b * n), "inner": (msb - mse) / n, "residual": mse}
    groups = np.repeat(np.arange(a), b * n)
    frame = {"y": nested.ravel(), "g": groups, "h": np.tile(np.repeat(np.arange(b), n), a)}
    import pandas

    model = sm.MixedLM.from_formula("y ~ 1", groups="g", re_formula="1", vc_formula={"h": "0 + C(h)"},
                                    data=pandas.DataFrame(frame)).fit(reml=True)
    out["nestedREML"] = {"outer": float(model.cov_re.iloc[0, 0]), "inner": float(model.vcomp[0]),
                         "residual": float(model.scale)}
    return out


def histograms():
    rng = np.random.default_rng(9)
    out = []
    for bins in (1, 2, 12, 50):
        centres = np.sort(np.round(rng.uniform(0, 10, bins), 4))
        a, b = rng.integers(0, 9, bins).astype(float), rng.integers(0, 9, bins).astype(float)
        a[0] += 1
        b[-1] += 1
        ks = np.abs(np.cumsum(a) / a.sum() - np.cumsum(b) / b.sum()).max()
        u, v = np.repeat(centres, a.astype(int)), np.repeat(centres, b.astype(int))
        assert abs(ks - stats.ks_2samp(u, v).statistic) < 1e-12
        out.append({"centres": numbers(centres), "first": numbers(a), "second": numbers(b), "ks": float(ks),
                    "w1": float(stats.wasserstein_distance(centres, centres, a, b))})
    return out


versions = {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__}
for name, make in (("bootstrap", bootstrap), ("tests", tests), ("curves", curves), ("variance", variance),
                   ("histograms", histograms)):
    text = json.dumps({"versions": versions, name: make()}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text + "\n")
    print(name, len(text))
