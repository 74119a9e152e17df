#!/usr/bin/env python3
"""Write a model in the format of Deep Compression's AlexNet_compressed.net, and what it holds.

    make_deep_compression_goldens.py FOLDER

small.net has few weights: some in a row, some far apart (which needs weights of code 0 in between),
the first of each layer and the last of conv1 and conv2. small.txt has a line "LAYER PLACE VALUE" for
each weight with a code other than 0, "LAYER rest VALUE" for all others, and "LAYER bias INDEX VALUE"
for some biases.
Made with Python 3.11.2 and NumPy 2.4.6 from the layout that decode.py reads
(https://github.com/songhan/Deep-Compression-AlexNet), with no code of the library under test.
"""
import sys

import numpy as np

LAYERS = [("conv1", 96, 3 * 11 * 11, 8), ("conv2", 256, 48 * 5 * 5, 8),
          ("conv3", 384, 256 * 3 * 3, 8), ("conv4", 384, 192 * 3 * 3, 8),
          ("conv5", 256, 192 * 3 * 3, 8), ("fc6", 4096, 9216, 4), ("fc7", 4096, 4096, 4),
          ("fc8", 1000, 4096, 4)]


def places(rng, count):
    """In order: the first, a run, some apart by 15 to 18, and in small layers the last."""
    chosen = {0, 1, 2, 17, 33, 50, 68}
    at = 100
    for step in rng.integers(1, 40, 150):
        at += int(step)
        chosen.add(at)
    if count < 2_000_000:
        chosen.add(at + 4000)
    if count < 400_000:
        chosen.add(count - 1)
    return sorted(place for place in chosen if place < count)


def listed(rng, chosen, bits):
    """(gap, code) for each; a gap of more than 15 is bridged by weights of code 0."""
    out, before = [], -1
    for place in chosen:
        while place - before > 16:
            before += 16
            out.append((15, 0))
        out.append((place - before - 1, int(rng.integers(1, 2 ** bits))))
        before = place
    return out


def halves(values):
    values = np.array(list(values) + [9] * (len(values) % 2), np.uint8)
    return (values[0::2] | values[1::2] << 4).tobytes()


def main(folder):
    rng = np.random.default_rng(2016)
    counts, body, text = [], b"", []
    for name, outputs, inputs, bits in LAYERS:
        chosen = places(rng, outputs * inputs)
        weights = listed(rng, chosen, bits)
        values = rng.standard_normal(2 ** bits).astype("<f4")
        values[0] = 0 if name != "conv3" else 0.5  # any value: it is the one of code 0
        biases = rng.standard_normal(outputs).astype("<f4")
        codes = [code for _, code in weights]
        body += values.tobytes() + biases.tobytes()
        body += bytes(codes) if bits == 8 else halves(codes)
        body += halves([gap for gap, _ in weights])
        counts.append(len(weights))
        expected = dict(zip(chosen, (values[c] for c in codes if c)))
        assert len(expected) == len(chosen)
        text += [f"{name} {place} {value!s}" for place, value in expected.items()]
        text += [f"{name} rest {values[0]!s}", f"{name} bias 0 {biases[0]!s}",
                 f"{name} bias {outputs - 1} {biases[-1]!s}"]
    with open(f"{folder}/small.net", "wb") as file:
        file.write(np.array(counts, "<u4").tobytes() + body)
    with open(f"{folder}/small.txt", "w") as file:
        file.write("\n".join(text) + "\n")
    print(counts)


main(sys.argv[1])
