#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs command-line cases, one folder each, and compares what they print with what is expected.

A case folder holds
  cmd            a sh script, run in a fresh folder with the case's other files copied into it;
                 $QEILSIM is the program, $SOURCE_DIR the top of the sources
  exit           the expected exit code (absent: 0)
  stdout.exact   the expected output, or
  stdout.glob    one pattern a line: * is any text, ? any letter, all else is itself;
                 a line "..." stands for any number of lines (also none)
  stderr.exact, stderr.glob   likewise
Output without such a file is not compared, but a case that exits 0 must leave stderr empty.
A script that needs what is not there says so and exits 77: the case is skipped, but where CI=true
it fails.
"""
import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
EXPECTED = {"exit", "stdout.exact", "stdout.glob", "stderr.exact", "stderr.glob"}
TIMEOUT_S = 240
SKIPPED = 77


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def run(case, program):
    """Exit code, stdout and stderr of the case's script."""
    with tempfile.TemporaryDirectory(prefix="qeilsim-cli-") as scratch:
        for name in os.listdir(case):
            source = os.path.join(case, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(scratch, name))
            elif name not in EXPECTED:
                shutil.copy(source, scratch)
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("QEILSIM")}
        environment.update(QEILSIM=os.path.abspath(program), SOURCE_DIR=SOURCE, HOME=scratch,
                           LC_ALL="C.UTF-8", TERM="dumb")
        environment.setdefault("POCL_CACHE_DIR", os.path.join(
            os.path.dirname(os.path.abspath(program)), os.pardir, "pocl-cache"))
        done = subprocess.run(["sh", "./cmd"], cwd=scratch, env=environment, timeout=TIMEOUT_S,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return (code, *(raw.decode("utf-8", "backslashreplace") for raw in (done.stdout, done.stderr)))


def line_pattern(glob):
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob)
    return re.compile("".join(parts), re.DOTALL)


def glob_matches(globs, lines):
    """Whether all lines are met by all patterns, "..." taking any number of lines."""
    reachable = {0}  # counts of lines that the patterns so far can take
    for glob in globs:
        if glob == "...":
            reachable = set(range(min(reachable), len(lines) + 1))
        else:
            pattern = line_pattern(glob)
            reachable = {n + 1 for n in reachable
                         if n < len(lines) and pattern.fullmatch(lines[n])}
        if not reachable:
            return False
    return len(lines) in reachable


def difference(name, want, got):
    lines = difflib.unified_diff(want.splitlines(), got.splitlines(), f"{name} expected",
                                 f"{name} printed", lineterm="")
    return "\n".join(lines) or f"{name}: the ends of lines differ"


def stream_faults(case, name, got, may_be_left):
    """What is wrong with one output stream: a list of texts."""
    exact, glob = (os.path.join(case, f"{name}.{kind}") for kind in ("exact", "glob"))
    if os.path.exists(exact):
        want = read(exact)
        return [] if got == want else [difference(name, want, got)]
    if os.path.exists(glob):
        want = read(glob)
        return [] if glob_matches(want.splitlines(), got.splitlines()) else [
            difference(f"{name} (patterns)", want, got)]
    return [] if may_be_left or not got else [f"{name} should be empty:\n{got}"]


def update(case, code, out, err):
    """Rewrites the exit code and the exact files; patterns stay for a person to change."""
    exit_file = os.path.join(case, "exit")
    if code:
        write(exit_file, f"{code}\n")
    elif os.path.exists(exit_file):
        os.remove(exit_file)
    for name, got in (("stdout", out), ("stderr", err)):
        exact = os.path.join(case, f"{name}.exact")
        if os.path.exists(exact):
            write(exact, got)


def check(case, program, rewrite):
    """Runs one case, prints how it went and returns "passed", "failed" or "skipped"."""
    name = os.path.basename(case)
    try:
        code, out, err = run(case, program)
    except subprocess.TimeoutExpired:
        print(f"{name}: failed\nstill running after {TIMEOUT_S} s")
        return "failed"
    if code == SKIPPED and os.environ.get("CI") != "true":
        print(f"{name}: skipped\n{out}{err}", end="")
        return "skipped"
    if rewrite:
        update(case, code, out, err)
    exit_file = os.path.join(case, "exit")
    want = int(read(exit_file)) if os.path.exists(exit_file) else 0
    faults = [] if code == want else [f"exit code {code}, expected {want}; stderr:\n{err}"]
    faults += stream_faults(case, "stdout", out, True)
    faults += stream_faults(case, "stderr", err, code != 0)
    result = "failed" if faults else "passed"
    print("\n".join([f"{name}: {result}", *faults]))
    return result


def check_listed(names):
    """Whether the names are exactly the case folders, so that no case lies there unrun."""
    here = os.path.dirname(os.path.abspath(__file__))
    folders = {name for name in os.listdir(here) if os.path.exists(os.path.join(here, name, "cmd"))}
    for name in sorted(folders - set(names)):
        print(f"tests/cli/{name} is not listed in tests/cli/CMakeLists.txt")
    for name in sorted(set(names) - folders):
        print(f"tests/cli/{name}/cmd is listed but not there")
    return folders == set(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(SOURCE, "build", "bin", "qeilsim"),
                        help="default: build/bin/qeilsim")
    parser.add_argument("--update", action="store_true",
                        help="rewrite exit, stdout.exact and stderr.exact with what came")
    parser.add_argument("--listed", action="store_true",
                        help="only check that the arguments name all case folders")
    parser.add_argument("case", nargs="+", help="a case's folder, or with --listed its name")
    options = parser.parse_args()
    if options.listed:
        return 0 if check_listed(options.case) else 1
    results = [check(case.rstrip("/"), options.program, options.update) for case in options.case]
    print(", ".join(f"{results.count(kind)} {kind}" for kind in ("passed", "failed", "skipped")))
    if "failed" in results:
        return 1
    return 0 if "passed" in results else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
