#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command that prints JSON and holds it against a stored file: text and counts exactly,
other numbers to 1e-9, so that compilers and optimisation levels must agree. --update rewrites."""
import argparse
import json
import math
import subprocess
import sys

TOLERANCE = 1e-9


def differences(got, want, path="$"):
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(set(got) | set(want)):
            if key not in got or key not in want:
                yield f"{path}.{key}: only in {'the output' if key in got else 'the stored file'}"
            else:
                yield from differences(got[key], want[key], f"{path}.{key}")
    elif isinstance(want, list) and isinstance(got, list):
        if len(got) != len(want):
            yield f"{path}: {len(got)} elements, stored {len(want)}"
        for i, (a, b) in enumerate(zip(got, want)):
            yield from differences(a, b, f"{path}[{i}]")
    elif isinstance(want, float) and isinstance(got, (int, float)):
        if not math.isclose(got, want, rel_tol=TOLERANCE, abs_tol=0):
            yield f"{path}: {got!r}, stored {want!r}"
    elif got != want or type(got) is not type(want):
        yield f"{path}: {got!r}, stored {want!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("expected", help="stored JSON file")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    done = subprocess.run(options.command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {done.stderr.decode()}")
    got = json.loads(done.stdout)
    if options.update:
        with open(options.expected, "w", encoding="utf-8") as file:
            json.dump(got, file, indent=1)
            file.write("\n")
        return
    with open(options.expected, encoding="utf-8") as file:
        found = list(differences(got, json.load(file)))
    for line in found[:20]:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
