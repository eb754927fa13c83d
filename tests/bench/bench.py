#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wall times of the program, the median of several runs, with peak memory and the goals beside.

The goals are for an ordinary desktop that does nothing else; the exit code is 0 whatever the times
are. Memory below that of this script, which the kernel counts in, is told as that. The trace of the
long run is not shipped: without it in $QEILSIM_TRACES that run fails, and the reason is told."""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# What to run, and at most how many seconds and mebibytes it should take.
BENCHES = [
    (["--version"], 0.010, 20),
    (["list", "devices"], 0.020, 20),
    (["explore", "scenarios/quickstart.yaml", "-o", "{scratch}/quickstart.h5"], 2, 200),
    (["plot", "{scratch}/quickstart.h5", "front", "-o", "{scratch}/front.png"], 2, 200),
    (["run", "scenarios/bench/azure-conv-full.yaml"], 0.2, 30),
    (["run", "scenarios/bench/azure-conv-full.yaml", "--resolution", "token"], 0.8, 30),
    (["run", "scenarios/bench/week-sparse.yaml"], 10, 30),
]


def run_once(command):
    """Seconds and mebibytes of one run; None when it failed."""
    begin = time.perf_counter()
    with subprocess.Popen(command, cwd=SOURCE, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        message = child.stderr.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        print(f"{' '.join(command[1:3])}: exit {child.returncode}: {message.strip()}")
        return None
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def bench(program, arguments, goal_s, goal_MiB, repeat):
    runs = []
    for _ in range(repeat):
        runs.append(run_once([program, *arguments]))
        if not runs[-1]:
            return
    seconds = statistics.median(run[0] for run in runs)
    memory = max(run[1] for run in runs)
    verdict = "ok" if seconds <= goal_s and memory <= goal_MiB else "over the goal"
    name = " ".join(arguments[:3 if arguments[0] == "plot" else 2])
    name += " token" if "token" in arguments else ""
    name = name.replace(os.path.dirname(arguments[1]) + "/", "") if "/" in name else name
    print(f"{name:32} {seconds * 1e3:10.1f} ms (goal {goal_s * 1e3:6.0f})  "
          f"{memory:6.1f} MiB (goal {goal_MiB:4.0f})  {verdict}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(SOURCE, "build", "bin", "qeilsim"))
    parser.add_argument("--repeat", type=int, default=5, help="runs of each (default 5)")
    options = parser.parse_args()
    traces = os.path.join(SOURCE, "..", "shared", "traces")
    if os.path.isdir(traces):
        os.environ.setdefault("QEILSIM_TRACES", os.path.abspath(traces))
    with tempfile.TemporaryDirectory(prefix="qeilsim-bench-") as scratch:
        for arguments, goal_s, goal_MiB in BENCHES:
            bench(os.path.abspath(options.program),
                  [argument.format(scratch=scratch) for argument in arguments],
                  goal_s, goal_MiB, options.repeat)


if __name__ == "__main__":
    main()
