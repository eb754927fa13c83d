#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that the libraries hold no writable data, so that points run in parallel cannot meet.
Constant tables of pointers (.data.rel.ro) are not writable when the program runs."""
import re
import subprocess
import sys

# What may be writable, as "object.c.o symbol": why.
ALLOWED = {}
WRITABLE = re.compile(r"(\.data|\.bss|\.tdata|\.tbss)(?!\.rel\.ro)(\.|$)|\*COM\*")


def writable(library):
    """(object, symbol, section) of each writable variable."""
    listing = subprocess.run(["nm", "--format=sysv", "--defined-only", library], check=True,
                             capture_output=True, text=True).stdout
    member = ""
    for line in listing.splitlines():
        title = re.match(r"Symbols from .*\[(.*)\]:", line)
        columns = [column.strip() for column in line.split("|")]
        if title:
            member = title.group(1)
        elif len(columns) == 7 and WRITABLE.match(columns[6]) and columns[3] != "SECTION":
            yield member, columns[0], columns[6]


def main():
    found = 0
    for library in sys.argv[1:]:
        for member, symbol, section in writable(library):
            if f"{member} {symbol}" not in ALLOWED:
                found += 1
                print(f"{library}: {member}: {symbol} is writable data ({section})")
    print(f"{len(sys.argv) - 1} libraries, {found} writable variables")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
