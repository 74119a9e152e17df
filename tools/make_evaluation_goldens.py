#!/usr/bin/env python3
"""Make tests/unit/evaluation_goldens.h: probabilities of three models, and the expected results.

NumPy computes means, errors, precision, recall and the calibration error, SciPy Wilson's interval;
the search for weights reimplements find_coeffs() of avg-valid.py of 2012: a list of weights, a grid,
the first value that lowers the error.

    python3 tools/make_evaluation_goldens.py > tests/unit/evaluation_goldens.h

Made with NumPy 2.4.6 and SciPy 1.17.1.
"""
import numpy as np
import scipy
from scipy import stats

MODELS, PICTURES, CLASSES, BINS = 3, 60, 7, 15


def draw():
    """Three models, of which the second is the best and the third a poor one."""
    rng = np.random.default_rng(7)
    labels = rng.integers(CLASSES, size=PICTURES)
    p = np.empty((MODELS, PICTURES, CLASSES), np.float32)
    for m, skill in enumerate((1.2, 1.6, 0.3)):
        x = rng.normal(size=(PICTURES, CLASSES)) * 1.3
        x[np.arange(PICTURES), labels] += skill
        x = np.exp(x)
        p[m] = x / x.sum(1, keepdims=True)
    return labels, p


def mean_of(p, weights):
    w = np.asarray(weights, float)
    return np.tensordot(w / w.sum(), p.astype(float), 1)


def losses(mean, labels):
    return -np.log(mean[np.arange(len(labels)), labels])


def misses(mean, labels, k):
    order = np.argsort(-mean, axis=1, kind="stable")[:, :k]
    return 1 - (order == labels[:, None]).any(1)


def measure(name, p, weights, labels):
    mean = mean_of(p, weights)
    if name == "LOSS":
        return losses(mean, labels).mean()
    return misses(mean, labels, 1 if name == "TOP1" else 5).mean()


def search(name, p, labels, steps=20, passes=5):
    weights = [0.5] * MODELS
    best = measure(name, p, weights, labels)
    changed = None
    for _ in range(passes):
        for i in range(MODELS):
            if changed == i:
                return weights, best
            for c in range(steps + 1):
                trial = weights[:i] + [c / steps] + weights[i + 1:]
                if sum(trial) == 0:
                    continue
                error = measure(name, p, trial, labels)
                if error < best:
                    best, weights, changed = error, trial, i
    return weights, best


def calibration(mean, labels):
    confidence, right = mean.max(1), mean.argmax(1) == labels
    edges = np.linspace(0, 1, BINS + 1)
    total = 0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def wilson(count, n):
    interval = stats.binomtest(int(count), n).proportion_ci(method="wilson")
    return interval.low, interval.high


def numbers(values, form="%.17g"):
    return ", ".join(form % v for v in values)


def main():
    labels, p = draw()
    print("/* Made by tools/make_evaluation_goldens.py with NumPy %s and SciPy %s. */"
          % (np.__version__, scipy.__version__))
    print("/* clang-format off */")
    print("enum { GOLDEN_MODELS = %d, GOLDEN_PICTURES = %d, GOLDEN_CLASSES = %d };"
          % (MODELS, PICTURES, CLASSES))
    print("static const int golden_labels[] = {%s};" % numbers(labels, "%d"))
    print("static const float golden_probabilities[GOLDEN_MODELS][GOLDEN_PICTURES * GOLDEN_CLASSES] = {")
    for m in range(MODELS):
        print("{" + ",\n".join(numbers(row, "%.9gf") for row in p[m]) + "},")
    print("};")
    weights = (1, 1, 2)
    mean = mean_of(p, weights)
    loss, one, five = losses(mean, labels), misses(mean, labels, 1), misses(mean, labels, 5)
    half = stats.norm.ppf(0.975) * stats.sem(loss)
    answers = mean.argmax(1)
    print("static const double golden_weights[] = {%s};" % numbers(weights))
    print("static const double golden_metrics[] = {%s}; /* top-1, top-5, loss */"
          % numbers((one.mean(), five.mean(), loss.mean())))
    print("static const double golden_intervals[] = {%s};"
          % numbers(wilson(one.sum(), PICTURES) + wilson(five.sum(), PICTURES)
                    + (loss.mean() - half, loss.mean() + half)))
    print("static const double golden_calibration = %.17g;" % calibration(mean, labels))
    both = [((answers == c) & (labels == c)).sum() for c in range(CLASSES)]
    print("static const double golden_precision[] = {%s};"
          % numbers([b / (answers == c).sum() for c, b in enumerate(both)]))
    print("static const double golden_recall[] = {%s};"
          % numbers([b / (labels == c).sum() for c, b in enumerate(both)]))
    print("static const struct {alexnet_weight_measure measure; double weights[GOLDEN_MODELS], lowest;} golden_searches[] = {")
    for name in ("TOP1", "TOP5", "LOSS"):
        found, lowest = search(name, p, labels)
        print("{ALEXNET_WEIGHT_%s, {%s}, %.17g}," % (name, numbers(found), lowest))
    print("};")
    cases = [(0, 10), (10, 10), (1, 1), (3, 17), (8150, 50000), (1, 50000)]
    print("static const struct {double share; int64_t n; double low, high;} golden_wilson[] = {")
    for count, n in cases:
        print("{%.17g, %d, %s}," % (count / n, n, numbers(wilson(count, n))))
    print("};")


main()
