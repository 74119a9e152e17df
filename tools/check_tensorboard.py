#!/usr/bin/env python3
"""Compare the event files of a run folder, read by TensorBoard's own reader, with log.jsonl.

    check_tensorboard.py RUN

Needs the package tensorboard. Exits with 77 if it is missing.
"""
import glob
import json
import math
import os
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("skipped: there is no package tensorboard")
    sys.exit(77)

run = sys.argv[1]
events = EventAccumulator(run, size_guidance={"scalars": 0, "histograms": 0, "images": 0})
events.Reload()
tags = events.Tags()

lines = [json.loads(line) for line in open(os.path.join(run, "log.jsonl"))]
norms = [l for l in lines if "norms" in l]
reports = [l for l in lines if "val" not in l and "norms" not in l]
epochs = [l for l in lines if "val" in l]


def compare(tag, expected):
    seen = [(e.step, e.value) for e in events.Scalars(tag)]
    assert [s for s, _ in seen] == [s for s, _ in expected], (tag, seen, expected)
    for (_, a), (_, b) in zip(seen, expected):
        assert math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-7), (tag, a, b)


for tag in ("loss", "top1_error", "lr"):
    compare(tag, [(l["step"], l[tag]) for l in reports])
if epochs and epochs[0]["val"]:
    for tag in ("loss", "top1_error"):
        compare("val/" + tag, [(l["step"], l["val"][tag]) for l in epochs])
for what in ("weights", "gradient", "change"):
    for tensor in norms[0]["norms"] if norms else ():
        compare(f"norms_of_{what.rstrip('s')}s/{tensor}",
                [(l["step"], l["norms"][tensor][what]) for l in norms])
weights = [t for t in tags["histograms"] if t.endswith(".weight")]
assert len(weights) == 8, weights
for tag in weights:
    assert len(events.Histograms(tag)) == len(epochs), tag
    for h in events.Histograms(tag):
        v = h.histogram_value
        assert abs(sum(v.bucket) - v.num) < 0.5 and v.min <= v.sum / v.num <= v.max, (tag, v)
pictures = events.Images("filters")
assert len(pictures) == len(epochs) and pictures[0].width > 0, pictures
print(f"{len(reports)} reports, {len(epochs)} epochs, {len(norms)} norms, "
      f"{len(weights)} histograms, "
      f"filters {pictures[0].width} x {pictures[0].height}: as in the log; "
      f"{len(glob.glob(os.path.join(run, 'events.out.*')))} files")
