#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the closed form and the replay lie apart: compare_scores.py RESULT.h5 [SCHEDULER]

Reads one front of a result that `qeilsim explore -o` stored (without SCHEDULER the one with the
most plans), takes the plans that were replayed, and prints for classes of mean decode batch the
median and the 90th percentile of the absolute differences, closed form against replay:
  energy, net   of J/request, in % of the replay's gross J/request (net crosses zero)
  latency       of the mean latency of a request, in % of the replay's
  peak          of the hottest die, in K
and the median of the signed difference (closed form less replay) in brackets."""
import sys

import h5py
import numpy

CLASSES = ((0, 1.5), (1.5, 3), (3, 8), (8, numpy.inf))


def differences(front):
    """Columns of differences, one row per plan."""
    def column(name):
        return front[name][:]
    gross = column("replay_energy_J")
    return {
        "energy %": 100 * (column("energy_J") - gross) / gross,
        "net %": 100 * (column("net_energy_J") - column("replay_net_energy_J")) / gross,
        "latency %": 100 * (column("latency_s") / column("replay_e2e_mean_s") - 1),
        "peak K": column("peak_temperature_C") - column("replay_peak_temperature_C"),
    }


def cell(values):
    return "{:.1f} / {:.1f} [{:+.1f}]".format(
        numpy.median(abs(values)), numpy.percentile(abs(values), 90), numpy.median(values))


def classes(front):
    """Names and masks of the classes of plans."""
    replayed, batch = numpy.isfinite(front["replay_energy_J"][:]), front["batch"][:]
    saturated = front["saturated"][:] == 1
    for low, high in CLASSES:
        name = f"{low:g} to {high:g}" if high < numpy.inf else f"{low:g} and more"
        yield name, replayed & ~saturated & (batch >= low) & (batch < high)
    yield "saturated", replayed & saturated
    yield "all", replayed


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with h5py.File(sys.argv[1]) as file:
        fronts = file["front"]
        name = sys.argv[2] if len(sys.argv) == 3 else max(fronts, key=lambda f: len(fronts[f]["id"]))
        front = fronts[name]
        columns = differences(front)
        print(f"{file.attrs['title']}, plans of {name}: median / p90 [signed median]")
        print("| decode batch | plans |", " | ".join(columns), "|")
        print("|---|--:|" + "--:|" * len(columns))
        for title, chosen in classes(front):
            if chosen.any():
                cells = (cell(values[chosen]) for values in columns.values())
                print(f"| {title} | {chosen.sum()} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
