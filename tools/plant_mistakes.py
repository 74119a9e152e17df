#!/usr/bin/env python3
"""Plant the mistakes of tools/mistakes.txt, one after the other, and see that a test notices each.

    plant_mistakes.py [NAME...]      plant these, or all; exit 1 if any goes unnoticed
        --list                       the names, and what is wrong in each
        --whole                      run every test, not only those that should notice
        --table FILE                 write a table to FILE: where each was planted, what caught it
        --work FOLDER                keep the copy and its build there for the next time
    plant_mistakes.py --check        only see that each can be planted; nothing is built
    plant_mistakes.py --self-check   see that what cannot be planted is refused

The tracked files are copied and built elsewhere: the working tree stays as it is.
"""
import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "tools" / "mistakes.txt"
KEYS = ("what", "in", "tests", "at-first")
SECONDS_PER_TEST = 600

Mistake = collections.namedtuple("Mistake", "name what folder tests unnoticed old new")
Result = collections.namedtuple("Result", "mistake file verdict caught_by")


class Refused(Exception):
    """A mistake whose description is wrong, or that cannot be planted."""


# ---- The list ----

def make_mistake(name, keys, old, new):
    for key in ("what", "in", "tests"):
        if key not in keys:
            raise Refused(f"{name}: it has no line '{key}:'")
    if not old or old == new:
        raise Refused(f"{name}: it changes nothing")
    return Mistake(name, keys["what"], keys["in"], keys["tests"].split(),
                   keys.get("at-first") == "unnoticed", old, new)


def read_mistakes(text):
    """The format is described at the head of mistakes.txt."""
    mistakes = []
    for block in re.split(r"^(?=\[)", text, flags=re.MULTILINE)[1:]:
        head, *lines = block.splitlines()
        name, keys, sides = head.strip("[] "), {}, {"-": [], "+": []}
        for line in lines:
            if line[:1] in sides:
                sides[line[0]].append(line[1:])
                continue
            if not line.strip() or line.startswith("#"):
                continue
            key, colon, value = line.partition(":")
            if key not in KEYS or not colon:
                raise Refused(f"{name}: what does this line mean? {line}")
            keys[key] = value.strip()
        if any(name == other.name for other in mistakes):
            raise Refused(f"{name}: there are two of this name")
        mistakes.append(make_mistake(name, keys, "\n".join(sides["-"]), "\n".join(sides["+"])))
    return mistakes


def choose(mistakes, names):
    known = {m.name: m for m in mistakes}
    for name in names:
        if name not in known:
            raise Refused(f"{name}: there is no mistake of this name; see --list")
    return [known[name] for name in names] if names else mistakes


# ---- Planting ----

def pattern_of(text):
    """The words and signs of the text, with any blanks and line ends between them."""
    return re.compile(r"\s*".join(re.escape(token) for token in re.findall(r"\w+|[^\w\s]", text)))


def find(root, mistake):
    """The file and the match of the only place with the old text."""
    pattern, found = pattern_of(mistake.old), []
    for path in sorted((root / mistake.folder).rglob("*")):
        if path.suffix in (".c", ".h", ".cu", ".def", ".ini"):
            found += [(path, match) for match in pattern.finditer(path.read_text())]
    if len(found) != 1:
        places = ", ".join(str(path.relative_to(root)) for path, _ in found)
        raise Refused(f"{mistake.name}: its text is found {len(found)} times below {mistake.folder}, "
                      f"not once{': ' + places if places else ''}")
    return found[0]


def plant(root, mistake):
    """Plant it. Returns the file and its old contents."""
    path, match = find(root, mistake)
    text = path.read_text()
    path.write_text(text[:match.start()] + mistake.new.strip() + text[match.end():])
    return path, text


# ---- The copy ----

def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = os.fsdecode(listed.stdout).split("\0")
    return [name for name in names if name and (ROOT / name).exists()]


def copy_tree(copy):
    """Files that are already right are not touched, so that they are not built again."""
    names = set(tracked_files())
    for name in names:
        source, target = ROOT / name, copy / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    for path in copy.rglob("*"):
        inside = path.relative_to(copy)
        if path.is_file() and inside.parts[0] != "build" and str(inside) not in names:
            path.unlink()


def run(copy, *command):
    return subprocess.run(command, cwd=copy, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def targets_of(tests):
    """The targets to build for these tests; no names mean everything."""
    targets = set()
    for test in tests or []:
        if test.startswith("cli_"):
            targets |= {"alexnet", "json_get", "lost_disk", "png_pixel"}
        elif test.startswith(("test_", "fuzz_")):
            targets.add(re.sub("_(baseline|avx2|avx512|ahead)$", "", test))
    return sorted(targets)


def build(copy, tests):
    """None, or the messages of the compiler."""
    if not (copy / "build" / "release" / "build.ninja").exists():
        configured = run(copy, "cmake", "--preset", "release")
        if configured.returncode:
            return configured.stdout
    targets = targets_of(tests)
    options = ["--target", *targets] if targets else []
    built = run(copy, "cmake", "--build", "build/release", "-j", str(os.cpu_count()), *options)
    return built.stdout if built.returncode else None


def run_tests(copy, tests):
    """{test: None if it passed, "" if it was skipped, else the function that failed or "failed"}"""
    report = copy / "build" / "report.xml"
    report.unlink(missing_ok=True)
    # The list itself does not match a tree with a planted mistake.
    which = ["-R", f"^({'|'.join(tests)})$"] if tests else ["-E", "^check_mistakes"]
    run(copy, "ctest", "--test-dir", "build/release", "-j", str(os.cpu_count()), "--timeout",
        str(SECONDS_PER_TEST), "--output-junit", str(report), *which)
    results = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        output = case.findtext("system-out") or ""
        functions = re.findall(r"^\[  FAILED  \] (test_\w+)", output, re.MULTILINE)
        if case.find("failure") is not None:
            results[case.get("name")] = functions[0] if functions else "failed"
        else:
            results[case.get("name")] = "" if case.find("skipped") is not None else None
    return results


# ---- One mistake, and all ----

def try_mistake(copy, mistake, whole):
    tests = None if whole else mistake.tests
    path, before = plant(copy, mistake)
    try:
        complaint = build(copy, tests)
        if complaint:
            return Result(mistake, path.relative_to(copy), "does not compile:\n" + complaint, [])
        results = run_tests(copy, tests)
    finally:
        path.write_text(before)
    caught_by = [test if found == "failed" else f"{test} ({found})"
                 for test, found in sorted(results.items()) if found]
    verdict = "caught by " + ", ".join(caught_by) if caught_by else "NOT CAUGHT"
    return Result(mistake, path.relative_to(copy), verdict, caught_by)


def check_whole_tree(copy, mistakes, whole):
    """A test that fails without a mistake says nothing about one."""
    tests = None if whole else sorted({test for m in mistakes for test in m.tests})
    complaint = build(copy, tests)
    if complaint:
        raise Refused("the tree does not build:\n" + complaint)
    results = run_tests(copy, tests)
    missing = set(tests or []) - set(results)
    failed = [test for test, found in results.items() if found]
    if missing or failed:
        raise Refused("without any mistake, fail: " + " ".join(failed) +
                      "; there are no tests called: " + " ".join(missing))


def write_table(path, results):
    lines = ["| Name | Mistake | File | Caught by |", "|---|---|---|---|"]
    for r in results:
        mark = "; at first by none" if r.mistake.unnoticed else ""
        cells = [f"`{r.mistake.name}`", r.mistake.what, f"`{r.file}`",
                 ", ".join(f"`{test}`" for test in r.caught_by) + mark]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def plant_all(copy, mistakes, whole, table):
    began = time.monotonic()
    for mistake in mistakes:
        find(ROOT, mistake)
    copy_tree(copy)
    check_whole_tree(copy, mistakes, whole)
    results = []
    for mistake in mistakes:
        since = time.monotonic()
        result = try_mistake(copy, mistake, whole)
        results.append(result)
        print(f"{mistake.name}: {result.verdict} [{time.monotonic() - since:.0f} s]", flush=True)
    missed = [r.mistake.name for r in results if not r.caught_by]
    print(f"{len(results)} mistakes planted, {len(results) - len(missed)} caught, "
          f"{time.monotonic() - began:.0f} seconds")
    if missed:
        print("not caught: " + " ".join(missed))
    if table:
        write_table(table, results)
    return 1 if missed else 0


# ---- Checks ----

def check(mistakes):
    """Every mistake can be planted."""
    for mistake in mistakes:
        find(ROOT, mistake)


def self_check():
    good = "[m]\nwhat: w\nin: src\ntests: t\n- int a = f(x, 1);\n+ int a = f(x, 2);\n"
    for text, source, refused in [
            (good, "int a =\n    f(x,\n      1);", None),
            (good, "int a = f(x, 3);", "m: its text is found 0 times"),
            (good, "int a = f(x, 1); int a = f(x, 1);", "m: its text is found 2 times"),
            (good + good, "", "m: there are two"),
            (good.replace("tests: t\n", ""), "", "m: it has no line 'tests:'"),
            (good.replace("2", "1"), "", "m: it changes nothing"),
            (good + "hows: x\n", "", "m: what does this line mean?")]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src").mkdir()
            (root / "src" / "a.c").write_text(source)
            said = None
            try:
                path, _ = plant(root, read_mistakes(text)[0])
                assert path.read_text() == "int a = f(x, 2);"
            except Refused as error:
                said = str(error)
            assert said == refused if refused is None else said and said.startswith(refused), said


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    for flag in ("--list", "--whole", "--check", "--self-check"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--work", metavar="FOLDER", type=pathlib.Path)
    args = parser.parse_args()
    if args.self_check:
        return self_check()
    mistakes = choose(read_mistakes(LIST.read_text()), args.names)
    if args.list:
        for mistake in mistakes:
            print(f"{mistake.name}: {mistake.what}")
        return 0
    if args.check:
        return check(mistakes)
    if args.work:
        args.work.mkdir(parents=True, exist_ok=True)
        return plant_all(args.work.resolve(), mistakes, args.whole, args.table)
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        return plant_all(pathlib.Path(folder), mistakes, args.whole, args.table)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as refused:
        sys.exit(f"plant_mistakes: {refused}")
