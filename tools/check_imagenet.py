#!/usr/bin/env python3
"""Train and evaluate on ImageNet's own archives, in miniature.

Two pictures of each of its 1,000 classes are made into the files that people download:
ILSVRC2012_img_train.tar (an archive of 1,000 archives, with one picture of each class),
ILSVRC2012_img_val.tar (the others, under names that do not tell their class) and the development kit
(meta.mat, written by SciPy, with class numbers in another order than the identifiers, and the ground
truth in these numbers).

Judged: an epoch of training on these archives gives, bit for bit, the same network as on folders,
lists, shards and databases of the same pictures; classes are in the order of synset_words.txt;
errors, loss and each picture's class in an evaluation of the archive equal those computed here from
the probabilities.

Needs scipy and lmdb (tested with 1.17.1 and 3.0.0) and the data archives. Skipped, with status 77,
where one is missing.

    ALEXNET_DATA=FOLDER check_imagenet.py ALEXNET
"""
import csv
import io
import json
import math
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import lmdb
    import numpy
    import scipy.io
except ImportError as error:
    skip(f"the judge of ImageNet's archives: {error}")
if not os.environ.get("ALEXNET_DATA"):
    skip("ALEXNET_DATA does not name the folder of the data archives")

alexnet = os.path.abspath(sys.argv[1])
data = os.path.abspath(os.environ["ALEXNET_DATA"])
CLASSES = 1000
KIT = "ILSVRC2012_devkit_t12/data"
failures = 0


def report(what, good, found=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'WRONG':5} {what} {found}", flush=True)


def run(*arguments):
    done = subprocess.run([alexnet, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"alexnet {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def read_pictures():
    """The parts: identifier -> name, content."""
    parts = {"train": {}, "val": {}}
    with tarfile.open(f"{data}/imagenet-1000x2.tar") as archive:
        for member in sorted((m for m in archive if m.isfile()), key=lambda m: m.name):
            _, identifier, name = member.name.split("/")
            part = "val" if identifier in parts["train"] else "train"
            parts[part][identifier] = name, archive.extractfile(member).read()
    return parts


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def archive_of(pictures):
    """The bytes of an archive of name -> content."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in pictures:
            add(archive, name, content)
    return file.getvalue()


def write_imagenet(parts, numbers, shown):
    """The archives and the kit. numbers: identifier -> number from 1; shown: the classes of the
    validation pictures, in the order of the pictures' names."""
    os.makedirs(KIT)
    with tarfile.open("ILSVRC2012_img_train.tar", "w") as outer:
        for identifier in sorted(parts["train"], key=numbers.get):
            add(outer, f"{identifier}.tar", archive_of([parts["train"][identifier]]))
    with open("ILSVRC2012_img_val.tar", "wb") as file:
        file.write(archive_of([(f"ILSVRC2012_val_{i:08d}.JPEG", parts["val"][identifier][1])
                               for i, identifier in enumerate(shown, 1)]))
    with open(f"{KIT}/ILSVRC2012_validation_ground_truth.txt", "w") as file:
        file.writelines(f"{numbers[identifier]}\n" for identifier in shown)
    rows = sorted((number, identifier, 0) for identifier, number in numbers.items())
    rows.append((CLASSES + 1, "n00001740", CLASSES))  # groups of classes come after the classes
    kind = [(name, object) for name in
            ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children",
             "wordnet_height", "num_train_images")]
    table = numpy.empty((len(rows), 1), dtype=kind)
    for i, (number, identifier, children) in enumerate(rows):
        table[i, 0] = (float(number), identifier, "", "", float(children),
                       numpy.arange(1.0, children + 1), 0.0, 1.0)
    scipy.io.savemat(f"{KIT}/meta.mat", {"synsets": table}, do_compression=True)


def datum(label, content):
    """caffe.proto: data = 4, label = 5, encoded = 7."""
    def varint(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    return b"\x22" + varint(len(content)) + content + b"\x28" + varint(label) + b"\x38\x01"


def write_forms(part, pictures):
    """The same pictures as a folder, a list of its files, shards, and a database."""
    entries = [(f"{identifier}/{name}", identifier, content)
               for identifier, (name, content) in sorted(pictures.items())]
    for path, identifier, content in entries:
        os.makedirs(f"folder/{part}/{identifier}")
        with open(f"folder/{part}/{path}", "wb") as file:
            file.write(content)
    random.Random(3).shuffle(entries)
    with open(f"{part}.txt", "w") as file:
        file.writelines(f"folder/{part}/{path} {identifier}\n" for path, identifier, _ in entries)
    os.makedirs("shards", exist_ok=True)
    for shard in range(7):
        with open(f"shards/{part}-{shard:06d}.tar", "wb") as file:
            file.write(archive_of([(path, content) for path, _, content in entries[shard::7]]))
    order = {identifier: i for i, identifier in enumerate(sorted(pictures))}
    environment = lmdb.open(f"{part}-lmdb", map_size=1 << 28)
    with environment.begin(write=True) as transaction:
        for i, (path, identifier, content) in enumerate(entries):
            transaction.put(f"{i:08d}_{path}".encode(), datum(order[identifier], content))
    environment.close()


def tensors(path):
    """The bytes after the header of a model file, and the tensors that they are."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        header.pop("__metadata__")
        return sorted(map(str, header.items())), file.read()


def train(form, train_data, val_data, *more):
    run("train", train_data, "--val", val_data, "--net", "alexnet-mini", "--recipe", "default",
        "--epochs", "1", "--set", "batch=50", "--out", f"run-{form}", "--quiet", *more)
    with open(f"run-{form}/log.jsonl") as file:
        last = json.loads(file.readlines()[-1])
    return tensors(f"run-{form}/best.safetensors"), last


def judge_training(names):
    forms = {"folder": ("folder/train", "folder/val"), "list": ("train.txt", "val.txt"),
             "shards": ("shards/train-{000000..000006}.tar", "shards/val-{000000..000006}.tar"),
             "database": ("train-lmdb", "val-lmdb")}
    wanted, log = train("imagenet", "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar",
                        "--names", names)
    report("an epoch of training", log["images"] == CLASSES and log["val"]["images"] == CLASSES,
           f"loss {log['loss']:.4f}, chance is {math.log(CLASSES):.4f}")
    for form, (train_data, val_data) in forms.items():
        found, other = train(form, train_data, val_data)
        report(f"the same network by {form}", found == wanted)
        report(f"the same validation by {form}",
               all(math.isclose(other["val"][key], log["val"][key], rel_tol=1e-6)
                   for key in ("images", "loss", "top1_error", "top5_error")))


def judge_evaluation(words, shown):
    result = json.loads(run("eval", "run-imagenet", "ILSVRC2012_img_val.tar", "--images", "rows.csv",
                            "--top", str(CLASSES), "--json", "--quiet"))
    order = sorted(words)
    with open("rows.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    report("a row per picture", len(rows) == result["images"] == CLASSES and result["skipped"] == 0)
    labels = counted = classes = True
    loss = 0.0
    wrong = {1: 0, 5: 0}
    for row in rows:
        number = int(row["file"].rsplit("_", 1)[1].split(".")[0])
        label = order.index(shown[number - 1])
        labels &= int(row["label"]) == label and row["class"] == words[order[label]]
        answers = [int(row[f"index{k}"]) for k in range(1, CLASSES + 1)]
        classes &= sorted(answers) == list(range(CLASSES)) and all(
            row[f"class{k}"] == words[order[answer]] for k, answer in enumerate(answers, 1))
        place = answers.index(label)
        own = -math.log(float(row[f"probability{place + 1}"]))
        counted &= math.isclose(own, float(row["loss"]), rel_tol=1e-3)
        loss += own / CLASSES
        for k in wrong:
            wrong[k] += place >= k
    report("each picture's class is that of the ground truth", labels)
    report("classes are in the order of synset_words.txt", classes)
    report("each picture's loss is that of its class", counted)
    for k, count in wrong.items():
        report(f"top-{k} error", math.isclose(result[f"top{k}_error"], count / CLASSES), f"{count} of 1000")
    report("loss", math.isclose(result["loss"], loss, rel_tol=1e-3), f"{loss:.5f}")


def main():
    names = f"{data}/synset_words.txt"
    with open(names) as file:
        words = dict(line.rstrip("\n").split(" ", 1) for line in file)
    parts = read_pictures()
    report("two pictures of each class", sorted(words) == sorted(parts["train"]) == sorted(parts["val"]))
    shuffled = sorted(words)
    random.Random(1).shuffle(shuffled)
    numbers = {identifier: i for i, identifier in enumerate(shuffled, 1)}
    shown = sorted(words)
    random.Random(2).shuffle(shown)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_imagenet(parts, numbers, shown)
        for part, pictures in parts.items():
            write_forms(part, pictures)
        judge_training(names)
        judge_evaluation(words, shown)
        os.chdir("/")


main()
sys.exit(failures != 0)
