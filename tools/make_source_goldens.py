#!/usr/bin/env python3
"""Write the same nine pictures in every form of data set that is read: tests/golden/sources.

A folder of classes, a list, a table, WebDataset shards, an archive of archives as ImageNet's, and
Caffe's LMDB, with encoded pictures and with pixels. Written by Pillow, Python's tarfile, the lmdb
package and protobuf, which encodes Datum by its description in Caffe's caffe.proto. Made with
Python 3.11, Pillow 13.0.0, lmdb 3.0.0 and protobuf 7.36.2.

    make_source_goldens.py FOLDER
"""
import io
import os
import random
import shutil
import sys
import tarfile

import lmdb
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image

CLASSES = 3
EACH = 3


def datum_class():
    """Datum of caffe.proto."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="datum.proto", package="caffe", syntax="proto2")
    message = file.message_type.add(name="Datum")
    for number, (name, kind) in enumerate(
        [("channels", field.TYPE_INT32), ("height", field.TYPE_INT32),
         ("width", field.TYPE_INT32), ("data", field.TYPE_BYTES), ("label", field.TYPE_INT32),
         ("float_data", field.TYPE_FLOAT), ("encoded", field.TYPE_BOOL)], 1):
        message.field.add(
            name=name, number=number, type=kind,
            label=field.LABEL_REPEATED if name == "float_data" else field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.Datum"))


Datum = datum_class()


def make_pictures():
    """Path in the folder of classes: PNG, picture."""
    rng = random.Random(14)
    out = {}
    for label in range(CLASSES):
        for i in range(EACH):
            size = (10 + 2 * i, 9 + label)
            picture = Image.new("RGB", size)
            picture.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256))
                             for _ in range(size[0] * size[1])])
            file = io.BytesIO()
            picture.save(file, "PNG")
            out[f"{label}/{chr(97 + i)} {i}.png"] = file.getvalue(), picture
    return out


def write_lmdb(path, entries):
    env = lmdb.open(path, map_size=1 << 20, lock=False)
    with env.begin(write=True) as transaction:
        for key, datum in entries:
            transaction.put(key.encode(), datum.SerializeToString())
    env.close()


def datums(pictures, kind):
    # Not in the order of the classes, as convert_imageset --shuffle writes them.
    for i, path in enumerate(sorted(pictures, key=lambda p: p[::-1])):
        png, picture = pictures[path]
        datum = Datum(label=int(path[0]))
        if kind == "encoded":
            datum.data, datum.encoded = png, True
        else:
            datum.channels, datum.height, datum.width = 3, picture.height, picture.width
            planes = [bytes(plane.get_flattened_data()) for plane in picture.split()]
            if kind == "raw":
                datum.data = planes[2] + planes[1] + planes[0]
            else:
                datum.float_data.extend(float(v) for plane in planes for v in plane)
        yield f"{i:08d}_{path}", datum


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def write_shards(folder, pictures):
    os.makedirs(folder)
    for shard in range(2):
        with tarfile.open(f"{folder}/part-{shard}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for i, (path, (png, _)) in enumerate(pictures.items()):
                if i % 2 == shard:
                    add(tar, path, png)
                    add(tar, path.replace(".png", ".cls"), path[0].encode())


def write_archive_of_archives(path, pictures):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as outer:
        for label in range(CLASSES):
            file = io.BytesIO()
            with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as inner:
                for name, (png, _) in pictures.items():
                    if name.startswith(f"{label}/"):
                        add(inner, name[2:], png)
            add(outer, f"{label}.tar", file.getvalue())


def main():
    out = sys.argv[1]
    shutil.rmtree(out, ignore_errors=True)
    pictures = make_pictures()
    for path, (png, _) in pictures.items():
        os.makedirs(os.path.dirname(f"{out}/folder/{path}"), exist_ok=True)
        with open(f"{out}/folder/{path}", "wb") as file:
            file.write(png)
    with open(f"{out}/list.txt", "w") as file:
        file.writelines(f"folder/{path}\t{path[0]}\n" for path in reversed(list(pictures)))
    with open(f"{out}/table.csv", "w") as file:
        file.write("label,path\r\n")
        file.writelines(f'{path[0]},"folder/{path}"\r\n' for path in pictures)
    write_shards(f"{out}/shards", pictures)
    write_archive_of_archives(f"{out}/archives.tar", pictures)
    for kind in ("encoded", "raw"):
        write_lmdb(f"{out}/lmdb-{kind}", datums(pictures, kind))
    # An entry whose key has another form, added later.
    late = [("late.png", datum) for _, datum in datums(pictures, "encoded")][:1]
    write_lmdb(f"{out}/lmdb-mixed", [*datums(pictures, "encoded"), *late])
    write_lmdb(f"{out}/lmdb-float", list(datums(pictures, "float"))[:1])


main()
