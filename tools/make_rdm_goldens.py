#!/usr/bin/env python3
"""Golden dissimilarities and rank correlations, by NumPy and SciPy.

    tools/make_rdm_goldens.py tests/golden      (needs numpy, scipy, safetensors)

writes rdm/rdm.safetensors:

    features          [21, 700] float32: normal, some pairs of rows nearly equal, row 3 after a ReLU
    correlation, euclidean, cosine
                      [21, 21] float64, by scipy.spatial.distance.pdist of the features in float64
    ties              [21, 21] float64: `euclidean` in steps of 2, so that many pairs are tied
    rsa               [2, 6] float64: scipy.stats.spearmanr (first row) and Kendall's tau-a by
                      counting all pairs (second row) of the upper triangles of
                      (correlation, euclidean), (correlation, ties), (ties, euclidean), (ties, ties),
                      (cosine, cosine), (cosine, -cosine)

and, as numpy.save writes them: rdm/euclidean.npy, which is `euclidean` in Fortran's order;
rdm/condensed.npy, which is what pdist() returned for it; rdm/ties-TYPE.npy, which is `ties` in
integers of five types, and rdm/ties-bool.npy, which is whether it is not 0; and
rdm/condensed-int16.npy, which is the condensed vector of `ties`.
"""
import os
import sys

import numpy as np
import scipy
from safetensors.numpy import save_file
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

COUNT, LENGTH = 21, 700


def draw():
    rng = np.random.default_rng(2012)
    x = rng.standard_normal((COUNT, LENGTH)) * 3 + 1
    x[8] = x[7] + 1e-3 * rng.standard_normal(LENGTH)
    x[15] = x[2] * 1.5
    x[3] = np.maximum(x[3], 0)
    return x.astype(np.float32)


def tau_a(a, b):
    signs = np.sign(a[:, None] - a) * np.sign(b[:, None] - b)
    n = len(a)
    return signs.sum() / (n * (n - 1))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "rdm")
    os.makedirs(folder, exist_ok=True)
    x = draw()
    out = {"features": x}
    for name in ("correlation", "euclidean", "cosine"):
        out[name] = squareform(pdist(x.astype(np.float64), name))
    out["ties"] = np.round(out["euclidean"] / 2)
    upper = {k: v[np.triu_indices(COUNT, 1)] for k, v in out.items() if k != "features"}
    upper["-cosine"] = -upper["cosine"]
    pairs = [("correlation", "euclidean"), ("correlation", "ties"), ("ties", "euclidean"),
             ("ties", "ties"), ("cosine", "cosine"), ("cosine", "-cosine")]
    out["rsa"] = np.array([[spearmanr(upper[a], upper[b]).statistic for a, b in pairs],
                           [tau_a(upper[a], upper[b]) for a, b in pairs]])
    made = f"make_rdm_goldens.py, numpy {np.__version__}, scipy {scipy.__version__}"
    save_file(out, os.path.join(folder, "rdm.safetensors"), {"made by": made})
    np.save(os.path.join(folder, "euclidean.npy"), np.asfortranarray(out["euclidean"]))
    np.save(os.path.join(folder, "condensed.npy"), squareform(out["euclidean"]))
    for kind in ("int8", "uint8", "int16", "int32", "int64", "bool"):
        np.save(os.path.join(folder, f"ties-{kind}.npy"), out["ties"].astype(kind))
    np.save(os.path.join(folder, "condensed-int16.npy"), squareform(out["ties"]).astype(">i2"))
    print(made, out["rsa"], sep="\n")


if __name__ == "__main__":
    main()
