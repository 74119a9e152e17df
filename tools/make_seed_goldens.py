#!/usr/bin/env python3
"""Writes tests/unit/seed_goldens.h: the numbers that a seed gives, computed from the published generator and the
formulas of the documents, without the library. python3 tools/make_seed_goldens.py >tests/unit/seed_goldens.h"""
import math
import struct

MASK = 0xFFFFFFFF
WEIGHTS, SHUFFLE, CROP, DROPOUT, SPLIT, COLOUR = 1, 2, 3, 4, 5, 6


def philox(key, counter):
    """Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011)."""
    c, k = list(counter), [key & MASK, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & MASK, (a >> 32) ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def draw(seed, purpose, epoch, position, unit):
    return philox(seed, [position & MASK, epoch & MASK, unit << 16 | purpose << 8 | position >> 32, epoch >> 32])


def normal2(a, b):
    radius, angle = math.sqrt(-2 * math.log((a + 1) / 2**32)), 2 * math.pi * b / 2**32
    return radius * math.cos(angle), radius * math.sin(angle)


def shuffle(n, seed, epoch):
    order = list(range(n))
    for i in range(n, 1, -1):
        j = draw(seed, SHUFFLE, epoch, i, 0)[0] * i >> 32
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def crop(border, seed, epoch, position):
    r = draw(seed, CROP, epoch, position, 0)
    return r[0] * (border + 1) >> 32, r[1] * (border + 1) >> 32, r[2] >> 31


def colour(seed, epoch, position):
    r = draw(seed, COLOUR, epoch, position, 0)
    return normal2(r[0], r[1]) + normal2(r[2], r[3])


def weight(seed, param, i):
    r = draw(seed, WEIGHTS, 0, i // 4, param)
    return (normal2(r[0], r[1]) + normal2(r[2], r[3]))[i % 4]


def kept(seed, step, layer, keep, i):
    return draw(seed, DROPOUT, step, i // 4, layer)[i % 4] < keep * 2**32


def split_key(seed, path):
    value = 0xCBF29CE484222325
    for byte in path.encode() + b"\0":
        value = (value ^ byte) * 0x100000001B3 % 2**64
    r = draw(seed, SPLIT, value >> 32, value & MASK, 0)
    return r[0] << 32 | r[1]


def row(values, form="{}"):
    return ", ".join(form.format(v) for v in values)


SEED = 0x0123456789ABCDEF
print("/* Made by tools/make_seed_goldens.py. */")
print("#define GOLDEN_SEED 0x%016xu" % SEED)
print("static const uint32_t golden_draws[6][4] = {")
for purpose in range(1, 7):
    words = draw(SEED, purpose, 0x700000009, 0x5544332211, 10)
    print("    {%s}," % row(words, "0x{:08x}"))
print("};")
print("static const uint32_t golden_orders[2][10] = {{%s}, {%s}};" % (row(shuffle(10, 1, 0)), row(shuffle(10, 1, 7))))
print("static const int golden_crops[4][3] = {%s};" % row(["{%s}" % row(crop(32, 1, 2, p)) for p in range(4)]))
print("static const double golden_colours[2][4] = {%s};" % row(["{%s}" % row(colour(1, 2, p), "{:.17g}") for p in range(2)]))
print("static const double golden_weights[6] = {%s};" % row([weight(1, 1, i) for i in range(6)], "{:.17g}"))
print("static const char golden_masks[] = \"%s\";" % "".join("01"[kept(1, 5, 3, 0.5, i)] for i in range(64)))
names = ["class0/%d.jpg" % i for i in range(10)]
print("static const char *const golden_split[3] = {%s};" % row(sorted(sorted(names, key=lambda n: split_key(1, n))[:3]), '"{}"'))
