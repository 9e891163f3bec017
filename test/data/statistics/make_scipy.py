"""Makes scipy.json, what the tests of src/statistics are held against.

    python make_scipy.py > scipy.json        (needs scipy and mpmath)

SciPy gives t quantiles, TOST, Holm and the paired t-test. The CDF comes from mpmath with 40 digits:
near t = 0 SciPy's is off by about 1e-11.
"""

import json

import mpmath
import numpy as np
import scipy
from scipy import stats

mpmath.mp.dps = 40
DFS = [1, 1.7, 2, 3.25, 4, 9, 30.5, 100, 943, 1e6]
TS = [1e-6, 1e-3, 0.1, 0.5, 1, 1.96, 3, 6, 12, 40]


def two_sided(t, df):
    """P(|T| >= t), from the density's integral in closed form."""
    t, df = mpmath.mpf(t), mpmath.mpf(df)
    x = df / (df + t * t)
    if x > 0.5:  # The other tail: x near 1 loses digits.
        return 1 - mpmath.betainc(0.5, df / 2, 0, t * t / (df + t * t), regularized=True)
    return mpmath.betainc(df / 2, 0.5, 0, x, regularized=True)


def tails():
    for df in DFS:
        for t in TS:
            p = two_sided(t, df)
            if p > 1e-290:
                yield {"t": t, "df": df, "below": float(1 - p / 2), "above": float(p / 2)}


def quantiles():
    for df in DFS:
        for alpha in [0.9, 0.5, 0.1, 0.05, 0.01, 1e-4]:
            yield {"alpha": alpha, "df": df, "t": float(stats.t.isf(alpha / 2, df))}


def paired(rng):
    for n in [2, 3, 5, 10]:
        for shift in [0, 0.0005, -0.003]:
            a = np.round(0.77 + shift + 0.001 * rng.standard_normal(n), 6)
            b = np.round(0.77 + 0.001 * rng.standard_normal(n), 6)
            test = stats.ttest_rel(a, b)
            interval = test.confidence_interval(0.95)
            tost = {}
            for margin in [0.0005, 0.002, 0.01]:
                low = stats.ttest_1samp(a - b, -margin, alternative="greater").pvalue
                high = stats.ttest_1samp(a - b, margin, alternative="less").pvalue
                tost[str(margin)] = float(max(low, high))
            yield {
                "a": a.tolist(),
                "b": b.tolist(),
                "t": float(test.statistic),
                "df": int(test.df),
                "p": float(test.pvalue),
                "interval": [float(interval.low), float(interval.high)],
                "interval90": [float(x) for x in test.confidence_interval(0.9)],
                "tost": tost,
            }


def families(rng):
    """Holm by the closure principle: the largest Bonferroni p of all subfamilies with the claim.

    SciPy has no Holm; the closed test is its definition and takes another way than stepping down.
    """
    for n in [1, 2, 3, 5, 8]:
        for _ in range(3):
            p = np.round(rng.uniform(0, 1, n) ** 3, 6)
            holm = []
            for i in range(n):
                largest = 0.0
                for subset in range(1, 2**n):
                    if subset >> i & 1:
                        chosen = [p[j] for j in range(n) if subset >> j & 1]
                        largest = max(largest, min(1.0, len(chosen) * min(chosen)))
                holm.append(float(largest))
            yield {"p": p.tolist(), "holm": holm}


rng = np.random.default_rng(7)
print(
    json.dumps(
        {
            "scipy": scipy.__version__,
            "mpmath": mpmath.__version__,
            "tails": list(tails()),
            "quantiles": list(quantiles()),
            "paired": list(paired(rng)),
            "families": list(families(rng)),
        }
    )
)
