#!/usr/bin/env python3
"""Translate PTX, what nvcc compiles kernels to, to C functions of the same names.

    ptx_to_c.py FOLDER FILE.ptx...        writes FOLDER/FILE.c for each

The functions run the kernels on the host, thread by thread (ptx.h). Tests thereby check nvcc's own
compilation of a kernel: contracted multiplications and additions, CUDA's expf() and powf(), the
instructions of inline assembly, and where members of structs and shared variables are.

Registers become variables without a type, which every instruction reads and writes as its own type
says. Those that are used in several basic blocks belong to the thread and survive barriers; the
others are local. Addresses are pointers of the host, except those of shared memory, which count
from 0.

An instruction that is unknown here becomes a call that ends the program as skipped and names it:
another version of nvcc may use others.
"""
import pathlib
import re
import sys

SPECIAL = {"%tid.x": "t.thread", "%ctaid.x": "t.block", "%nctaid.x": "t.blocks",
           "%ntid.x": "PTX_THREADS"}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
BINARY = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^", "div": "/",
          "rem": "%"}
ROUNDINGS = {"rzi": "trunc", "rni": "nearbyint", "rmi": "floor", "rpi": "ceil"}
FUNCTIONS = {"sqrt": "sqrt(%s)", "rsqrt": "1 / sqrt(%s)", "rcp": "1 / %s", "ex2": "exp2(%s)",
             "lg2": "log2(%s)", "abs": "fabs(%s)", "neg": "-%s"}
# Functions of ptx.h.
HELPERS = ("prmt.b32", "bfi.b64", "shl.b16", "shl.b32", "shl.b64", "shr.u16", "shr.u32", "shr.u64",
           "shr.s16", "shr.s32", "shr.s64")
PAIR_HELPERS = {"max.NaN.bf16x2": "ptx_max_pairs", "set.equ.u32.bf16x2": "ptx_equal_pairs"}
TYPE = re.compile("pred|[bus](8|16|32|64)|f(32|64)")
# What may stand between an operation and its type.
MODIFIERS = {"lo": ("mul", "mad"), "hi": ("mul",), "wide": ("mul",),
             "approx": ("rsqrt", "rcp", "ex2", "lg2"), "ftz": ("rsqrt", "rcp", "ex2", "lg2"),
             "rn": ("add", "sub", "mul", "div", "fma", "sqrt", "rcp"), "rm": ("fma",)}
NO_RESULT = ("st", "bra", "bar", "ret", "exit")


class Unknown(Exception):
    """An instruction that is not translated."""


# ---- Types and operands ------------------------------------------------------------------------


def width(kind):
    return int(kind.lstrip("sufb"))


def is_float(kind):
    return kind[0] == "f"


def c_type(kind):
    """The C type of an integer, or of the bits of a float."""
    if kind == "pred":
        return "bool"
    return ("int%d_t" if kind[0] == "s" else "uint%d_t") % width(kind)


def bits_of(value, kind):
    """A value of a type as what a register holds."""
    return "%s(%s)" % ("ptx_bits_" + kind if is_float(kind) else "(%s)" % c_type(kind), value)


def as_bits(kind):
    """The type for operations that only copy: NaN must stay what it is."""
    return "b%d" % width(kind) if is_float(kind) else kind


class Kernel:
    """A kernel, translated line by line."""

    def __init__(self, name, parameter, size):
        self.name, self.parameter, self.size = name, parameter, size
        self.types = {}  # of registers
        self.variables = {}  # in shared and local memory: their space and offset
        self.sizes = {"shared": 0, "local": 0}
        self.lines = []  # numbers and texts
        self.barriers = 0
        self.block = 0  # the basic block of the current line
        self.blocks = {}  # the one to which a register is local; None: it is used in several
        self.is_block_done = False

    def read(self, operand, kind):
        """A C expression for an operand, as a value of a type."""
        negated = "!" if operand.startswith("!") else ""
        operand = operand.lstrip("!")
        if operand in SPECIAL:
            text = SPECIAL[operand]
        elif operand.startswith("%"):
            text = self.register(operand)
        elif re.fullmatch(r"0[fF][0-9A-Fa-f]{8}", operand):
            text = "0x%su" % operand[2:]
        elif re.fullmatch(r"0[dD][0-9A-Fa-f]{16}", operand):
            text = "UINT64_C(0x%s)" % operand[2:]
        elif re.fullmatch(r"-?(0x[0-9A-Fa-f]+|\d+)", operand):
            text = "UINT64_C(%d)" % (int(operand, 0) % 2**64)
        else:
            text = self.address(operand)
        if is_float(kind):
            return "ptx_%s((%s)%s)" % (kind, c_type(kind), text)
        return "%s(%s)%s" % (negated, c_type(kind), text)

    def register(self, name):
        if name[1:] not in self.types:
            raise Unknown
        return "<%s>" % name[1:]  # write() makes it a variable, or a member of `own`

    def address(self, symbol):
        if symbol == self.parameter:
            return "(uintptr_t)t.run"
        if symbol not in self.variables:
            raise Unknown
        space, at = self.variables[symbol]
        return "%d" % at if space == "shared" else "((uintptr_t)own->local + %d)" % at

    def set(self, register, kind, value):
        return "%s = %s;" % (self.register(register), bits_of(value, kind))

    # ---- Instructions --------------------------------------------------------------------------

    def mov(self, kind, to, source):
        if to.startswith("{"):
            names = re.findall(r"%\w+|_", to)
            part = width(kind) // len(names)
            return " ".join("%s = (uint%d_t)(%s >> %d);"
                            % (self.register(name), part, self.read(source, "u64"), i * part)
                            for i, name in enumerate(names) if name != "_")
        if source.startswith("{"):
            names = re.findall(r"%\w+", source)
            part = width(kind) // len(names)
            value = " | ".join("(uint64_t)%s << %d" % (self.read(name, "u%d" % part), i * part)
                               for i, name in enumerate(names))
            return self.set(to, as_bits(kind), value)
        return self.set(to, as_bits(kind), self.read(source, as_bits(kind)))

    def memory(self, words, operands):
        """ld and st, of one element or several."""
        load, kind, space = words[0] == "ld", words[-1], words[1]
        place, names = (operands[1], operands[0]) if load else operands
        symbol, offset = re.fullmatch(r"\[([%\w]+)(?:\+(-?\d+))?\]", place).groups()
        names = re.findall(r"-?[%\w]+", names)
        size = width(kind) // 8
        arguments = "&t, %s, %s, %d" % (self.read(symbol, "u64"), offset or 0, size * len(names))
        if space == "shared":
            arguments += ", false" if load else ", true"
        function = space if space in ("shared", "param") else "at"
        text = "unsigned char *at = ptx_%s(%s, __LINE__);" % (function, arguments)
        for i, name in enumerate(names):
            value = "" if load else " = " + self.read(name, as_bits(kind))
            text += " { %s v%s; " % (c_type(kind), value)
            if load:
                to = self.register(name)
                text += "memcpy(&v, at + %d, %d); %s = v; }" % (i * size, size, to)
            else:
                text += "memcpy(at + %d, &v, %d); }" % (i * size, size)
        return "{ %s }" % text

    def setp(self, words, to, *operands):
        """Comparisons that end with u are true of NaN."""
        _, compare, kind = words
        a, b = (self.read(x, kind) for x in operands)
        text = ""
        if is_float(kind) and compare == "ne":
            compare, text = "neu", "!isnan(%s) && !isnan(%s) && " % (a, b)
        elif is_float(kind) and (compare == "nan" or compare.endswith("u")):
            text = "isnan(%s) || isnan(%s)%s" % (a, b, "" if compare == "nan" else " || ")
        compare = compare.rstrip("u") if is_float(kind) else compare
        if compare != "nan":
            text += "%s %s %s" % (a, COMPARISONS[compare], b)
        return "%s = %s;" % (self.register(to), text)

    def cvt(self, words, to, *sources):
        how, into, kind = set(words[1:-2]), words[-2], words[-1]
        if into != "bf16x2" and not TYPE.fullmatch(into):
            raise Unknown
        values = [self.read(x, kind) for x in sources]
        rounding = [ROUNDINGS[x] for x in how if x in ROUNDINGS]
        value = values[0]
        if into == "bf16x2" and kind == "f32" and how == {"rn"}:
            return "%s = ptx_bf16x2(%s, %s);" % (self.register(to), *values)
        if not is_float(kind) and not how <= {"rn"}:
            raise Unknown
        if "sat" in how:
            value = "ptx_saturated(%s)" % value
        if rounding:
            value = "%s(%s)" % (rounding[0], value)
        if how - set(ROUNDINGS) - {"rn", "sat"}:
            raise Unknown
        if is_float(kind) and not is_float(into):
            if into not in ("s32", "u32", "s64"):
                raise Unknown
            return self.set(to, into, "ptx_to_%s(%s)" % (into, value))
        c = {"f32": "float", "f64": "double"}.get(into) or c_type(into)
        return self.set(to, into, "(%s)%s" % (c, value))

    def of_floats(self, name, how, kind, operands):
        """The value of an operation on floats."""
        v = [self.read(x, kind) for x in operands]
        f = "f" if kind == "f32" else ""
        if name == "fma":
            if "rm" in how and kind != "f32":
                raise Unknown
            return "%s(%s, %s, %s)" % ("ptx_fma_down" if "rm" in how else "fma" + f, *v)
        if name in BINARY:
            return "%s %s %s" % (v[0], BINARY[name], v[1])
        if name in ("min", "max"):
            return "f%s%s(%s, %s)" % (name, f, *v)
        if name == "copysign":
            return "copysign%s(%s, %s)" % (f, v[1], v[0])
        if "ftz" in how:
            v = ["ptx_flushed_%s(%s)" % (kind, x) for x in v]
        value = re.sub(r"([a-z0-9])\(%s", r"\1%s(%%s" % f, FUNCTIONS[name]) % v[0]
        return "ptx_flushed_%s(%s)" % (kind, value) if "ftz" in how else value

    def of_integers(self, name, how, kind, operands):
        """The value of an operation on integers or predicates. Signed ones may overflow."""
        v = [self.read(x, kind) for x in operands]
        u = [self.read(x, kind.replace("s", "u")) for x in operands]
        if "hi" in how:
            if kind != "u32":
                raise Unknown
            return "(uint64_t)%s * %s >> 32" % (v[0], v[1])
        if name == "mad":
            return "%s * %s + %s" % tuple(u)
        if name in BINARY:
            a, b = v if name in ("div", "rem") else u
            return "%s %s %s" % (a, BINARY[name], b)
        if name in ("min", "max"):
            return "%s %s %s ? %s : %s" % (v[0], "<" if name == "min" else ">", v[1], v[0], v[1])
        if name in ("shl", "shr"):
            v[1] = self.read(operands[1], "u32")
        if name == "neg":
            return "0 - %s" % u[0]
        if name == "not":
            return "%s%s" % ("!" if kind == "pred" else "~", v[0])
        if "%s.%s" % (name, kind) in HELPERS:
            return "ptx_%s_%s(%s)" % (name, kind, ", ".join(v))
        raise Unknown

    def compute(self, words, to, *operands):
        """One value of others."""
        name, kind, how = words[0], words[-1], set(words[1:-1])
        if any(name not in MODIFIERS.get(x, ()) for x in how):
            raise Unknown
        if name == "selp":
            kind = as_bits(kind)
            a, b = (self.read(x, kind) for x in operands[:2])
            return self.set(to, kind, "%s ? %s : %s" % (self.read(operands[2], "pred"), a, b))
        if "wide" in how:
            into = kind[0] + str(2 * width(kind))
            a, b = (self.read(x, kind) for x in operands[:2])
            return self.set(to, into, "(%s)%s * %s" % (c_type(into), a, b))
        compute = self.of_floats if is_float(kind) else self.of_integers
        return self.set(to, kind, compute(name, how, kind, operands))

    def barrier(self):
        self.barriers += 1
        self.is_block_done = True
        return "return %d; barrier_%d:;" % (self.barriers, self.barriers)

    def statement(self, opcode, operands):
        words = opcode.split(".")
        if opcode in PAIR_HELPERS:
            values = ", ".join(self.read(x, "b32") for x in operands[1:])
            return self.set(operands[0], "b32", "%s(%s)" % (PAIR_HELPERS[opcode], values))
        if words[0] == "bra":
            return "goto %s;" % operands[0].replace("$", "")
        if words[0] in ("ret", "exit"):
            return "return PTX_ENDED;"
        if opcode == "bar.sync" and operands == ["0"]:
            return self.barrier()
        if not TYPE.fullmatch(words[-1]):
            raise Unknown
        if words[0] == "mov":
            return self.mov(words[-1], *operands)
        if words[0] in ("ld", "st"):
            return self.memory(words, operands)
        if words[0] == "cvta" and "shared" not in words:
            return self.set(operands[0], "u64", self.read(operands[1], "u64"))
        if words[0] == "setp":
            return self.setp(words, *operands)
        if words[0] == "cvt":
            return self.cvt(words, *operands)
        return self.compute(words, *operands)

    def note_use(self, register, is_first_written):
        """A register stays in its block if that writes it first and no other block uses it."""
        if register not in self.blocks:
            self.blocks[register] = self.block if is_first_written else None
        elif self.blocks[register] != self.block:
            self.blocks[register] = None

    def instruction(self, text):
        guard, opcode, rest = re.fullmatch(r"(?:@(!?%\w+) )?([\w.]+) ?(.*);", text).groups()
        operands = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^\s,]+", rest)
        done = self.statement(opcode, operands)
        written = operands[:1] if opcode.split(".")[0] not in NO_RESULT else []
        used = [guard or ""] + operands[len(written):] + (written if guard else [])
        for register in re.findall(r"%(\w+)", " ".join(used)):
            self.note_use(register, False)
        for register in re.findall(r"%(\w+)", " ".join(written)):
            self.note_use(register, True)
        if guard:
            done = "if (%s) { %s }" % (self.read(guard, "pred"), done)
        return done

    # ---- Lines ---------------------------------------------------------------------------------

    def declare(self, text):
        """Whether the line is a declaration."""
        register = re.fullmatch(r"\.reg \.(\w+) %(\w+?)(?:<(\d+)>)?;", text)
        variable = re.fullmatch(r"\.(shared|local) \.align (\d+) \.b8 (\w+)\[(\d+)\];", text)
        if register:
            kind, name, count = register.groups()
            for i in range(int(count)) if count else [""]:
                self.types[name + str(i)] = c_type(kind)
        elif variable:
            space, align, name, size = variable.groups()
            at = -(-self.sizes[space] // int(align)) * int(align)
            self.variables[name] = (space, at)
            self.sizes[space] = at + int(size)
        return bool(register or variable)

    def line(self, number, text):
        if text in ("{", "}", ")", "") or text.startswith((".pragma", ".max", ".min")):
            return
        if self.declare(text):
            return
        label = re.fullmatch(r"\$?(\w+):", text)
        if label or self.is_block_done:
            self.block += 1
        self.is_block_done = text.startswith(("bra", "@", "ret"))
        if label:
            self.lines.append((number, label.group(1) + ":;"))
            return
        try:
            done = self.instruction(text)
        except (Unknown, AttributeError, KeyError, TypeError, ValueError):
            done = 'ptx_unknown("%s: %s");' % (self.name, text.replace('"', "'"))
        self.lines.append((number, done))

    def write(self, out):
        is_local = {name: self.blocks.get(name) is not None for name in self.types}
        used = [name for name in self.types if name in self.blocks]
        out.append("typedef struct %s_own {" % self.name)
        out.append("_Alignas(16) unsigned char local[%d];" % max(self.sizes["local"], 1))
        out += ["%s %s;" % (self.types[x], x) for x in used if not is_local[x]]
        out.append("} %s_own;" % self.name)
        out.append("static int %s_thread(ptx_thread t, void *memory, int from)\n{" % self.name)
        out.append("%s_own *own = memory; (void)own;" % self.name)
        out += ["%s %s;" % (self.types[x], x) for x in used if is_local[x]]
        out.append("switch (from) {")
        out += ["case %d: goto barrier_%d;" % (i + 1, i + 1) for i in range(self.barriers)]
        out.append("default: break; }")
        for number, text in self.lines:
            text = re.sub(r"<(\w+)>", lambda m: m[1] if is_local[m[1]] else "own->" + m[1], text)
            out.append("#line %d\n%s" % (number, text))
        out.append("return PTX_ENDED;\n}")
        out.append("int %s(const void *run, int64_t blocks);" % self.name)
        out.append("int %s(const void *run, int64_t blocks)\n{" % self.name)
        out.append('static const ptx_kernel kernel = {"%s", %s_thread, sizeof(%s_own), %d, %d};'
                   % (self.name, self.name, self.name, self.size, self.sizes["shared"]))
        out.append("return ptx_launch(&kernel, run, blocks);\n}")


def kernels_of(lines):
    name = kernel = None
    for number, line in enumerate(lines, 1):
        text = " ".join(re.sub(r"//.*", "", line).split())
        entry = re.fullmatch(r"(?:\.visible )?\.entry _Z(\d+)(\w+)\(", text)
        parameter = re.fullmatch(r"\.param \.align \d+ \.b8 (\w+)\[(\d+)\]", text)
        if entry:
            name = entry.group(2)[: int(entry.group(1))]
        elif parameter and name:
            kernel = Kernel(name, parameter.group(1), int(parameter.group(2)))
        elif kernel and line == "}":
            yield kernel
            name = kernel = None
        elif kernel:
            kernel.line(number, text)


def translate(path, folder):
    lines = path.read_text(encoding="utf-8").splitlines()
    kernels = list(kernels_of(lines))
    entries = sum(".entry" in line for line in lines)
    if len(kernels) != entries or not kernels:
        sys.exit("%s: %d of %d kernels were found" % (path, len(kernels), entries))
    out = ["/* Made of %s by ptx_to_c.py. */" % path.name, '#include "cuda/ptx/ptx.h"']
    for kernel in kernels:
        kernel.write(out)
    (folder / (path.stem + ".c")).write_text("\n".join(out) + "\n", encoding="utf-8")


def main():
    folder = pathlib.Path(sys.argv[1])
    for path in sys.argv[2:]:
        translate(pathlib.Path(path), folder)


if __name__ == "__main__":
    main()
