#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what devices/VALIDATION.md leans on: check_validation.py SOURCE_FOLDER. Links and pictures
of the page are there, no picture lies about that it does not show, each goal has a verdict that its
numbers bear out, and README.md's table has the page's numbers."""
import os
import re
import sys

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
GOAL = re.compile(r"^\| (.+) \| (.+) \| ([\d.]+) % \| ([\d.]+) % \| \d+ \| (.+) \|$", re.MULTILINE)
HEADLINE = re.compile(r"^\| (.+) \| ([\d.]+|-) \| ([\d.]+|-) \|$", re.MULTILINE)


def link_faults(folder, page):
    linked = LINK.findall(page)
    for target in linked:
        if not os.path.exists(os.path.join(folder, target)):
            yield f"the page links to {target}, which is not there"
    for name in sorted(os.listdir(os.path.join(folder, "validation"))):
        if f"validation/{name}" not in linked:
            yield f"devices/validation/{name} is not shown by the page"


def goal_faults(goals):
    if not goals:
        yield "the page has no table of goals"
    for subject, quantity, limit, reached, verdict in goals:
        over = float(reached) - float(limit)
        missed = re.fullmatch(r"\*\*missed by ([\d.]+)\*\*", verdict)
        if (verdict != "reached" and not missed or bool(missed) != (over > 0) and abs(over) > 0.1
                or missed and abs(float(missed.group(1)) - over) > 0.11):
            yield f"{subject}, {quantity}: {reached} % of {limit} % is not '{verdict}'"


def headline_faults(goals, readme):
    known = {(subject, quantity): reached for subject, quantity, _, reached, _ in goals}
    table = readme.split("<!-- made by devices/validation.py -->")[1].split("<!-- end -->")[0]
    rows = HEADLINE.findall(table)
    if not rows:
        yield "README.md has no table of errors"
    for subject, decode, prefill in rows:
        for quantity, told in (("decode", decode), ("prefill", prefill)):
            if known.get((subject, quantity), "-") != told:
                yield f"README.md tells {told} of {subject}, {quantity}, and the page another"


def main():
    top = sys.argv[1]
    folder = os.path.join(top, "devices")
    with open(os.path.join(folder, "VALIDATION.md"), encoding="utf-8") as file:
        page = file.read()
    with open(os.path.join(top, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    goals = GOAL.findall(page)
    faults = [*link_faults(folder, page), *goal_faults(goals), *headline_faults(goals, readme)]
    print("\n".join([*faults, f"{len(goals)} goals, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
