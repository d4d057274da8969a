"""Answers questions about statistics with SciPy, NumPy and mpmath: JSON in, JSON out, one answer for each question."""

import json
import math
import sys

import mpmath
import numpy
from scipy import special, stats


def samples(question):
    x, y = numpy.array(question["x"]), numpy.array(question["y"])
    differences = numpy.sort(numpy.subtract.outer(x, y).ravel())
    answer = {"tests": [], "shift": float(numpy.median(differences)), "interval": interval(x, y, differences)}
    answer["percentiles"] = [float(numpy.percentile(x, share)) for share in (1, 25, 40, 75, 99)]
    answer["ratio"] = None if x.mean() == 0 or y.mean() == 0 else float(x.mean() / y.mean())
    untied = len(numpy.unique(numpy.concatenate([x, y]))) == len(x) + len(y)
    methods = [("auto", True), ("asymptotic", True), ("asymptotic", False)] + ([("exact", True)] if untied and len(differences) <= 1000 else [])
    for method, continuity in methods:
        for alternative in ("two-sided", "less", "greater"):
            found = stats.mannwhitneyu(x, y, use_continuity=continuity, alternative=alternative, method=method)
            p = None if math.isnan(found.pvalue) else float(found.pvalue)
            answer["tests"].append({"method": method, "continuity": continuity, "alternative": alternative, "u": float(found.statistic), "p": p})
    return answer


def interval(x, y, differences):
    m, n = len(x), len(y)
    counts = numpy.unique(numpy.concatenate([x, y]), return_counts=True)[1].astype(float)
    ties = (counts**3 - counts).sum() / ((m + n) * (m + n - 1))
    sigma = math.sqrt(max(0.0, m * n / 12 * ((m + n + 1) - ties)))
    k = math.floor(m * n / 2 - stats.norm.ppf(0.99) * sigma)
    inside = min(max(k, 0), (m * n - 1) // 2)
    return [float(differences[inside]), float(differences[m * n - 1 - inside]), k >= 0]


def precise(a, b, n, k):
    """The same three with fifty digits: SciPy's log-beta is a difference of large numbers."""
    mpmath.mp.dps = 50
    beta = lambda a, b: mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
    ways = -mpmath.log(n + 1) - beta(mpmath.mpf(n - k + 1), mpmath.mpf(k + 1))
    return [float(value) for value in (mpmath.loggamma(a), beta(a, b), ways + beta(k + a, n - k + b) - beta(a, b))]


def exact(answer):
    """Numbers as text, because a reader of JSON may be off in the last digit."""
    match answer:
        case float():
            return repr(answer)
        case list():
            return [exact(element) for element in answer]
        case dict():
            return {key: exact(value) for key, value in answer.items()}
        case _:
            return answer


def answer(question):
    match question["ask"]:
        case "samples":
            return samples(question)
        case "normal":
            z = question["z"]
            return [float(stats.norm.sf(z)), float(stats.norm.cdf(z)), float(special.erfc(z)), float(stats.norm.ppf(stats.norm.cdf(-abs(z))))]
        case "gamma":
            a, b, n, k = (question[name] for name in "abnk")
            quick = [float(special.gammaln(a)), float(special.betaln(a, b)), float(stats.betabinom.logpmf(k, n, a, b))]
            return quick + precise(mpmath.mpf(a), mpmath.mpf(b), n, k)


json.dump(exact([answer(question) for question in json.load(sys.stdin)]), sys.stdout)
