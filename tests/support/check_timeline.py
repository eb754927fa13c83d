#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a trace of events against Google's "Trace Event Format": check_timeline.py FILE.

Keys and types of each phase; slices of a thread that end before the next begins or lie within it;
async events that begin before they end; names of processes and threads that are used. Prints how
many events of each phase there are."""
import collections
import json
import sys

NUMBER = (int, float)
# Keys that an event of a phase must have, with their types, beside ph and pid.
PHASES = {
    "M": {"name": str, "args": dict},
    "X": {"name": str, "cat": str, "tid": int, "ts": NUMBER, "dur": NUMBER, "args": dict},
    "b": {"name": str, "cat": str, "tid": int, "id": int, "ts": NUMBER},
    "e": {"name": str, "cat": str, "tid": int, "id": int, "ts": NUMBER},
    "i": {"name": str, "cat": str, "tid": int, "s": str, "ts": NUMBER},
    "C": {"name": str, "ts": NUMBER, "args": dict},
}


def fail(what, event):
    sys.exit(f"{what}: {json.dumps(event)}")


def unique(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        sys.exit(f"a key twice: {pairs}")
    return dict(pairs)


def check_keys(event):
    keys = PHASES.get(event.get("ph"))
    if keys is None:
        fail("unknown phase", event)
    for key, kind in {**keys, "pid": int}.items():
        if not isinstance(event.get(key), kind):
            fail(f"'{key}' is not there or of another type", event)
    if event.get("ts", 0) < 0 or event.get("dur", 0) < 0:
        fail("a time before 0", event)
    if event["ph"] == "i" and event["s"] not in ("g", "p", "t"):
        fail("'s' is no scope", event)
    if event["ph"] == "C" and not all(isinstance(v, NUMBER) for v in event["args"].values()):
        fail("a counter that does not count", event)


def check_slices(events):
    """Stamps have three decimals: compared in nanoseconds."""
    threads = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            begin, length = round(event["ts"] * 1000), round(event["dur"] * 1000)
            threads[event["pid"], event["tid"]].append((begin, begin + length))
    for (pid, tid), slices in threads.items():
        slices.sort()
        for before, after in zip(slices, slices[1:]):
            if before[1] > after[0]:
                sys.exit(f"slices of thread {pid}.{tid} overlap: {before} {after}")
    return set(threads)


def check_async(events):
    begun = {}
    for event in events:
        if event["ph"] == "b":
            begun[event["pid"], event["cat"], event["id"]] = event["ts"]
        elif event["ph"] == "e":
            if begun.pop((event["pid"], event["cat"], event["id"]), event["ts"] + 1) > event["ts"]:
                fail("ends before it begins", event)
    if begun:
        sys.exit(f"never end: {sorted(begun)[:3]}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file, object_pairs_hook=unique, parse_constant=sys.exit)
    if trace.get("displayTimeUnit") not in ("ms", "ns"):
        sys.exit("displayTimeUnit is neither ms nor ns")
    events = trace["traceEvents"]
    for event in events:
        check_keys(event)
    used = check_slices(events)
    check_async(events)
    named = {(e["pid"], e.get("tid")) for e in events if e["ph"] == "M"}
    if not used <= named or not {(e["pid"], None) for e in events} <= named:
        sys.exit("a thread or process without a name")
    counts = collections.Counter(event["ph"] for event in events)
    print(" ".join(f"{phase} {counts[phase]}" for phase in sorted(counts)))


if __name__ == "__main__":
    main()
