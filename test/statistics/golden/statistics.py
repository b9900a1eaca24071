"""Writes statistics.json beside this file. Run once, in a virtual environment with NumPy and SciPy:

    python test/statistics/golden/statistics.py

The tests read the JSON only; Python is not needed to run them.
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20240611)
skewed = np.round(rng.lognormal(1.0, 0.8, 25), 6)
blocks = np.round(rng.normal(3.0, 0.5, (6, 4)), 6)
block_means = blocks.mean(axis=1)
t_interval = stats.t.interval(0.95, 5, block_means.mean(), stats.sem(block_means))

even = np.round(np.random.default_rng(7).normal(0.3, 1.0, 14), 6)
tied = [1.0, 2.0, -2.0, 3.0, 0.0, 5.0, -1.0, 4.0, 4.0, 0.0, 6.0, -3.0]
many = np.round(np.random.default_rng(8).normal(0.2, 1.0, 70), 6)

golden = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__},
    "normal_cdf": [[z, stats.norm.cdf(z)] for z in (-8, -3, -1.96, -0.5, 0, 0.1, 1, 1.6448536269514722, 2.5, 5)],
    "normal_quantile": [[p, stats.norm.ppf(p)] for p in (1e-10, 0.001, 0.025, 0.05, 0.3, 0.5, 0.9, 0.975, 0.9995)],
    "t_cdf": [[t, d, stats.t.cdf(t, d)] for t, d in ((-3, 1), (-0.7, 2), (0, 5), (1.2, 3), (2.5, 30), (6, 4), (1, 0.5))],
    "t_quantile": [
        [p, d, stats.t.ppf(p, d)]
        for p, d in ((0.975, 1), (0.975, 2), (0.975, 5), (0.95, 9), (0.025, 30), (0.995, 3), (0.6, 200), (0.9999, 12))
    ],
    "beta": [
        [x, a, b, stats.beta.cdf(x, a, b)]
        for x, a, b in ((0.1, 0.5, 0.5), (0.5, 2, 3), (0.9, 10, 1.5), (0.01, 3, 200), (0.7, 80, 40), (0.999, 2, 2))
    ],
    "log_gamma": [[x, float(scipy.special.gammaln(x))] for x in (0.5, 1, 1.5, 3.7, 10, 123.4)],
    "percentiles": {
        "values": skewed.tolist(),
        "rows": [[q, np.quantile(skewed, q)] for q in (0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)],
        "mean": skewed.mean(),
        "standard_deviation": skewed.std(ddof=1),
    },
    "bootstrap": {"values": skewed.tolist()},
    "wilson": [
        [k, n, c, *stats.binomtest(k, n).proportion_ci(confidence_level=c, method="wilson")]
        for k, n, c in ((0, 10, 0.95), (10, 10, 0.95), (19, 50, 0.95), (76, 200, 0.9), (1, 3, 0.99))
    ],
    "wilcoxon": [
        {"differences": np.asarray(values).tolist(), "p": stats.wilcoxon(values, method=method).pvalue}
        for values, method in ((even, "exact"), (tied, "approx"), (many, "approx"))
    ],
    "paired_t": {"blocks": blocks.tolist(), "mean": block_means.mean(), "interval": list(t_interval)},
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, indent=1, default=float) + "\n")
