#!/usr/bin/env python3
"""Lists of classes as in ImageNet's development kit, for tests/unit/test_meta_mat.c.

meta.mat has the fields of the published file, with three classes and a group of them; written by
SciPy 1.17.1, compressed and plain.

    tools/make_meta_goldens.py tests/golden/archives
"""
import os
import sys

import numpy
import scipy.io

ROWS = [
    (1, "n02119789", "kit fox, Vulpes macrotis", 0),
    (2, "n01440764", "tench, Tinca tinca", 0),
    (3, "n01443537", "goldfish, Carassius auratus", 0),
    (4, "n00001740", "entity", 3),
]


def main(folder):
    kind = [(name, object) for name in
            ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children",
             "wordnet_height", "num_train_images")]
    table = numpy.empty((len(ROWS), 1), dtype=kind)
    for i, (number, identifier, words, children) in enumerate(ROWS):
        table[i, 0] = (float(number), identifier, words, "", float(children),
                       numpy.arange(1.0, children + 1), 0.0, 1300.0)
    others = {"first": numpy.eye(3), "synsets": table}
    scipy.io.savemat(os.path.join(folder, "meta.mat"), others, do_compression=True)
    scipy.io.savemat(os.path.join(folder, "meta-plain.mat"), others)


if __name__ == "__main__":
    main(sys.argv[1])
