#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the rules of the house in all source files: includes run down the floors, schedulers do
not see each other, only scenarios/ knows HDF5, library code neither prints nor exits, functions and
files stay small, and each file names its licence. Prints one line a fault."""
import argparse
import os
import re
import sys

FLOORS = ["base", "analysis", "workloads", "devices", "sim", "scenarios", "plots", "cli", "tests"]
GENERATED = {"version.h"}
FUNCTION_LINES, FILE_LINES = 80, 600
# Out of memory is the one exit in library code; a process of its own ends by leaving.
EXITS_ALLOWED = {"base/memory.c", "devices/kernels/apart.c"}
PRINTS = re.compile(r"\b(?:(?:v?printf|puts|putchar|perror|psignal|exit|_exit|_Exit|quick_exit|abort"
                    r"|err|errx|warn|warnx)\s*\(|stdout\b|stderr\b)")
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
COMMENT_OR_TEXT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
                             re.DOTALL)
LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
LICENSED = (".c", ".h", ".cl", ".cmake", ".py", ".sh", ".in", "CMakeLists.txt")


def source_files(top):
    """Paths below `top`, without hidden folders (but .ci) and what builds and runs make."""
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name == ".ci" or not (
            name.startswith(".") or name == "__pycache__"
            or folder == top and (name.startswith("build") or name == "out")))
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), top)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def include_faults(path, lines):
    floor = path.split(os.sep)[0]
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, name = match.groups()
        place, target = f"{path}:{number}", name.split("/")[0]
        if kind == "<":
            if re.match(r"(hdf5|H5)", name) and floor not in ("scenarios", "tests"):
                yield f"{place}: only scenarios/ may include <{name}>"
        elif name in GENERATED:
            continue
        elif "/" not in name or target not in FLOORS:
            yield f'{place}: "{name}" should be named by its path from the top, "folder/file.h"'
        elif FLOORS.index(target) > FLOORS.index(floor):
            yield f"{place}: {floor}/ includes {name}, which lies on a higher floor"
        elif path.startswith("sim/schedulers/") and not scheduler_may(path, name):
            yield f"{place}: a scheduler may not see {name}"


def scheduler_may(path, name):
    own = os.path.splitext(path)[0]
    family = own.rsplit("/", 1)[0] + "/" + own.rsplit("/", 1)[1].split("_")[0]
    return (name in (own + ".h", family + ".h", "sim/problem.h", "sim/schedulers/sched.h")
            or name.startswith(("analysis/", "base/")))


def loud_faults(path, lines):
    if path.split(os.sep)[0] in ("cli", "tests") or path in EXITS_ALLOWED:
        return
    for number, line in enumerate(lines, 1):
        match = PRINTS.search(line)
        if match:
            yield (f"{path}:{number}: library code neither prints nor exits: "
                   f"{match.group().rstrip('( ')}")


def functions(lines):
    """(first line number, number of lines) of each function: the layout that clang-format makes
    puts its braces alone in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
            while start > 1 and lines[start - 2].strip() and not lines[start - 2].startswith(
                    ("}", "#")) and not lines[start - 2].endswith(";"):
                start -= 1
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def size_faults(path, lines):
    if len(lines) > FILE_LINES:
        yield f"{path}:1: {len(lines)} lines; at most {FILE_LINES}"
    if path.startswith("tests" + os.sep):
        return
    for start, length in functions(lines):
        if length > FUNCTION_LINES:
            yield f"{path}:{start}: a function of {length} lines; at most {FUNCTION_LINES}"


def licence_faults(path, text):
    if (path.endswith(LICENSED) or text.startswith("#!")) and LICENCE not in text[:400]:
        yield f"{path}:1: no line '{LICENCE}'"


def file_faults(top, path):
    try:
        with open(os.path.join(top, path), encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError:
        return
    yield from licence_faults(path, text)
    if path.split(os.sep)[0] in FLOORS and path.endswith((".c", ".h", ".cl")):
        bare = COMMENT_OR_TEXT.sub(blank, text).splitlines()
        yield from include_faults(path, text.splitlines())
        yield from loud_faults(path, bare)
        yield from size_faults(path, bare)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("top", nargs="?",
                        default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    top = os.path.normpath(parser.parse_args().top)
    paths = list(source_files(top))
    faults = [fault for path in paths for fault in file_faults(top, path)]
    print("\n".join([*faults, f"{len(paths)} files, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
