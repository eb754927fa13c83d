#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that each header of ours compiles alone: check_headers.py COMPILER [FLAG...]"""
import glob
import os
import subprocess
import sys

FLOORS = ["base", "analysis", "workloads", "devices", "sim", "scenarios", "plots", "cli", "tests"]
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def main():
    os.chdir(TOP)
    headers = sorted(path for floor in FLOORS for path in glob.glob(f"{floor}/**/*.h",
                                                                    recursive=True))
    failed = 0
    for header in headers:
        command = [*sys.argv[1:], "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I.",
                   "-fsyntax-only", "-include", header, "-x", "c", os.devnull]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed += 1
            print(f"{header} does not compile alone:\n{done.stderr}")
    print(f"{len(headers)} headers, {failed} failed")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
