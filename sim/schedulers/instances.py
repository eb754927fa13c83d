#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an assignment instance for `qeilsim search`: instances.py LAYERS [--devices N] [--state S]

Costs are whole numbers from a linear congruential generator. Device by device they go from fast and
hungry to slow and frugal; with three devices and state 1 it is the instance that the project's
figures are told for."""
import argparse

DEVICES = ["gpu", "npu", "cpu", "dsp"]
RANGES = [(5, 20, 40, 80), (10, 40, 15, 50), (25, 70, 5, 20), (8, 30, 25, 60)]


def draws(state):
    """A function that draws a whole number from low to high."""
    def draw(low, high):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return low + (state >> 33) % (high - low + 1)
    return draw


def instance(layers, devices=3, state=1, underutilisation="idle"):
    draw = draws(state)
    lines = ["schema: qeilsim/assignment/1", f"devices: [{', '.join(DEVICES[:devices])}]", "layers:"]
    for _ in range(layers):
        costs = [(draw(*ranges[:2]), draw(*ranges[2:])) for ranges in RANGES[:devices]]
        latency, energy = (", ".join(map(str, column)) for column in zip(*costs))
        lines.append(f"  - {{latency: [{latency}], energy: [{energy}]}}")
    lines += ["transition: {latency: 3, energy: 2}", f"underutilisation: {underutilisation}"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layers", type=int)
    parser.add_argument("--devices", type=int, default=3, choices=range(1, len(DEVICES) + 1))
    parser.add_argument("--state", type=int, default=1, help="of the generator (default 1)")
    parser.add_argument("--underutilisation", default="idle", choices=["idle", "share"])
    options = parser.parse_args()
    print(instance(options.layers, options.devices, options.state, options.underutilisation),
          end="")


if __name__ == "__main__":
    main()
