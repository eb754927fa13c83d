#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the schedulers against each other and against true fronts, and writes COMPARISON.md with
its pictures: comparison.py --program build/bin/qeilsim [--folder FOLDER] [--quick]

Every algorithm gets the same instances, seeds, starting points, evaluations and archive. With
--quick few seeds of small instances are run, to see that the script works; the page is then written
to --folder."""
import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import tempfile

from instances import instance

HERE = os.path.dirname(os.path.abspath(__file__))
ALGORITHMS = ["pgsam", "pls", "nsga2", "beam", "greedy-weighted", "amosa", "amosa-quotient", "random"]
RIVALS = ALGORITHMS[1:]
# Name, what makes the instance, evaluations.
INSTANCES = [
    ("3 devices, 10 layers", (10, 3, 1, "idle"), 5000),
    ("3 devices, 14 layers", (14, 3, 1, "idle"), 10000),
    ("3 devices, 20 layers", (20, 3, 1, "idle"), 50000),
    ("3 devices, 14 layers, other costs", (14, 3, 2026, "idle"), 10000),
    ("4 devices, 11 layers", (11, 4, 2027, "idle"), 10000),
    ("3 devices, 13 layers, share", (13, 3, 2028, "share"), 10000),
    ("2 devices, 18 layers", (18, 2, 2029, "idle"), 5000),
]
DRAWN = "3 devices, 14 layers"  # the instance of the pictures
ABLATED = ["3 devices, 14 layers", "4 devices, 11 layers", "3 devices, 13 layers, share"]
IDEAS = [
    ("momentum", "moves are drawn, not foretold"),
    ("loads", "underutilisation is foretold by sums, not by loads"),
    ("surface", "no chains towards gaps of the archive"),
    ("directions", "no chains along weights"),
    ("annealing", "no worse plan is accepted"),
    ("restarts", "chains go on where the last one ended"),
    ("memory", "plans may be scored again"),
    ("compound", "moves change one layer"),
    ("delta", "whole plans are scored: the same points, later"),
]
QUICK = [("3 devices, 6 layers", (6, 3, 1, "idle"), 400)]


class Bench:
    """Runs searches; instances are files in a scratch folder."""

    def __init__(self, program, runs, folder):
        self.program, self.runs, self.folder = os.path.abspath(program), runs, folder
        self.kept = {}

    def path(self, case):
        path = os.path.join(self.folder, case[0].replace(" ", "-").replace(",", "") + ".yaml")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(instance(*case[1]))
        return path

    def run(self, case, algorithm, without=None):
        """The JSON of a search, with its curve (evaluations to ratios) and points (by seed)."""
        key = (case[0], algorithm, without)
        if key in self.kept:
            return self.kept[key]
        curve, points = (os.path.join(self.folder, name) for name in ("curve.csv", "points.csv"))
        command = [self.program, "search", self.path(case), "--truth", "--quiet", "--json",
                   "--algorithm", algorithm, "--evaluations", str(case[2]),
                   "--runs", str(self.runs), "--out", points]
        told = self.call(command + ([f"--no-{without}"] if without else []))
        if not without:
            self.call(command + ["--curve", curve])  # apart, for it takes time
            told["curve"] = read_curve(curve)
            told["found"] = read_points(points)
        self.kept[key] = told
        return told

    def ranks(self, pairs):
        """Mann-Whitney tests of pairs of samples: A12, and p adjusted for all of them together."""
        path = os.path.join(self.folder, "samples.txt")
        with open(path, "w", encoding="utf-8") as file:
            for sample in (sample for pair in pairs for sample in pair):
                file.write("\n".join(map(repr, sample)) + "\n\n")
        return self.call([self.program, "ranks", path, "--pairs", "--json"])["tests"]

    @staticmethod
    def call(command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def read_curve(path):
    curve = {}
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            curve.setdefault(int(row["evaluations"]), []).append(float(row["hv_ratio"]))
    return curve


def read_points(path):
    found = {}
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["seed"], []).append((float(row["energy"]), float(row["latency"])))
    return found


def ratios(told):
    return [run["hv_ratio"] for run in told["each"]]


# ---- Statistics ----

def reached_at(curve, wanted):
    """The evaluations after which the median curve has what is wanted; None: never."""
    for evaluations in sorted(curve):
        if statistics.median(curve[evaluations]) >= wanted:
            return evaluations
    return None


# ---- Tables ----

def p_text(p):
    return "< 1e-6" if p < 1e-6 else f"{p:.2g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "|---|" + "--:|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def quality_table(bench, case, algorithms):
    told = {name: bench.run(case, name) for name in algorithms}
    best = ratios(told["pgsam"])
    rivals = [name for name in algorithms if name != "pgsam"]
    tests = dict(zip(rivals, bench.ranks([(best, ratios(told[name])) for name in rivals])))
    rows = []
    for name in algorithms:
        got, volume = told[name], told[name]["hv_ratio"]
        rows.append([f"`{name}`", str(got["evaluations"]), f"{volume['median']:.5f}",
                     f"{volume['q1']:.5f} ... {volume['q3']:.5f}", f"{volume['min']:.5f}",
                     f"{got['igd_plus']['median']:.2g}", f"{got['epsilon']['median']:.2g}",
                     f"{got['share_found']['median']:.3f}",
                     p_text(tests[name]["holm"]) if name in tests else "",
                     f"{tests[name]['a12']:.2f}" if name in tests else "",
                     f"{1e3 * got['cpu_s']['median']:.1f}"])
    truth = told["pgsam"]["truth"]
    return [f"### {case[0]}", "",
            f"{case[2]:,} evaluations; the true front has {truth['points']} points, its volume is "
            f"{truth['hv']:.9f}.", ""] + table(
        ["algorithm", "used", "median", "quartiles", "least", "IGD+", "epsilon", "share found", "p",
         "A12", "ms"], rows)


def speed_table(bench, cases):
    rows = []
    for case in cases:
        for rival in ("nsga2", "pls"):
            final = bench.run(case, rival)["hv_ratio"]["median"]
            at = reached_at(bench.run(case, "pgsam")["curve"], final)
            rows.append([case[0], f"`{rival}`", f"{final:.5f}", f"{case[2]:,}",
                         f"{at:,}" if at else "not reached"])
    return table(["instance", "rival", "its last median", "its evaluations", "pgsam needs"], rows)


def ablation_table(bench, cases):
    head, rows = ["without"], []
    for case in cases:
        head += [f"{case[0]}: median", "A12", "p"]
    whole = [bench.run(case, "pgsam") for case in cases]
    rows.append(["nothing"] + [cell for told in whole
                               for cell in (f"{told['hv_ratio']['median']:.5f}", "", "")])
    runs = {(idea, case[0]): (all_of, bench.run(case, "pgsam", idea))
            for idea, _ in IDEAS for case, all_of in zip(cases, whole)}
    tests = dict(zip(runs, bench.ranks([(ratios(x), ratios(y)) for x, y in runs.values()])))
    for idea, text in IDEAS:
        row = [f"{idea} ({text})"]
        for case in cases:
            test = tests[idea, case[0]]
            row += [f"{runs[idea, case[0]][1]['hv_ratio']['median']:.5f}", f"{test['a12']:.2f}",
                    p_text(test["holm"])]
        rows.append(row)
    return table(head, rows)


# ---- Pictures ----

def gnuplot(script):
    subprocess.run(["gnuplot", "-d", "-"], input=script, text=True, check=True)


def block(rows):
    return "\n".join(" ".join(f"{value:.9g}" for value in row) for row in rows) + "\ne\n"


def draw_curves(bench, case, path):
    colours = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999",
               "#000000"]
    plots, data = [], ""
    for name, colour in zip(ALGORITHMS, colours):
        curve = bench.run(case, name)["curve"]
        rows = []
        for evaluations, values in sorted(curve.items()):
            low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
            rows.append((evaluations, *(max(1 - v, 1e-6) for v in (low, middle, high))))
        plots.append(f"'-' using 1:2:3 with filledcurves fillcolor '{colour}' fs transparent solid "
                     f"0.2 notitle, '-' with lines lw 2 lc '{colour}' title '{name}'")
        data += block((row[0], row[1], row[3]) for row in rows)
        data += block((row[0], row[2]) for row in rows)
    gnuplot(f"""set terminal pngcairo size 900,600 font 'sans,12'
set output '{path}'
set logscale xy
set xlabel 'evaluations'
set ylabel 'missing share of the true volume'
set format y '10^{{%L}}'
set key outside right
set grid
set title '{case[0]}: median of {bench.runs} seeds, bands between the quartiles'
plot [10:{case[2]}] {', '.join(plots)}
{data}""")


def attained(found, share):
    """The energy-latency points that this share of the runs reach, as corners of a staircase."""
    runs = [sorted(points) for points in found.values()]
    energies = sorted({energy for points in runs for energy, _ in points})
    best, places, corners = [math.inf] * len(runs), [0] * len(runs), []
    wanted = max(1, math.ceil(share * len(runs))) - 1
    for energy in energies:
        for r, points in enumerate(runs):
            while places[r] < len(points) and points[places[r]][0] <= energy:
                best[r] = min(best[r], points[places[r]][1])
                places[r] += 1
        latency = sorted(best)[wanted]
        if latency < math.inf and (not corners or latency < corners[-1][1]):
            corners.append((energy, latency))
    return corners


def draw_surfaces(bench, case, names, path):
    colours = ["#d55e00", "#0072b2", "#009e73"]
    plots, data = [], ""
    for name, colour in reversed(list(zip(names, colours))):
        found = bench.run(case, name)["found"]
        for share, dash, word in ((1 / len(found), 3, "best"), (0.5, 1, "median"), (1, 2, "worst")):
            plots.append(f"'-' with steps lw 1.5 dt {dash} lc '{colour}' title '{name}, {word}'")
            data += block(attained(found, share))
    gnuplot(f"""set terminal pngcairo size 900,600 font 'sans,12'
set output '{path}'
set xlabel 'energy'
set ylabel 'latency'
set grid
set title '{case[0]}: what all, half and the best of {bench.runs} seeds attain'
plot {', '.join(plots)}
{data}""")


# ---- The page ----

def page(bench, cases, pictures):
    drawn = next((case for case in cases if case[0] == DRAWN), cases[0])
    ablated = [case for case in cases if case[0] in ABLATED] or cases
    lines = [
        "# Schedulers, measured against the truth", "",
        "Generated by `sim/schedulers/comparison.py`; `ninja -C build comparison` makes it anew. Do "
        "not edit.", "",
        f"{bench.runs} runs of each algorithm on each instance, with the seeds 1 ... {bench.runs}. "
        "All start from the same points of a seed, may score as many plans, and feed the same "
        "unbounded archive. Each score counts, repeats included; `pgsam` and `pls` never ask for "
        "one twice. Costs are whole numbers from a generator (`instances.py`). The "
        "instances with state 1 of the generator are those of which results of other programs are "
        "known; they were looked at while `pgsam` was made, but its constants were chosen on "
        "instances that are not here. The other four were not looked at.", "",
        "`amosa` is calibrated as its source file tells, `nsga2` lands where other programs do on "
        "ZDT1 (`tests/unit/test_nsga2.c`).", "",
        "Median, quartiles and least: hypervolume over that of the enumerated true front; "
        "objectives are mapped so that the true ideal is 0 and the true nadir 1, the reference is "
        "1.1. p: two-sided Mann-Whitney test against `pgsam`, Holm's correction for the "
        "comparisons of a table. A12: how often a run of `pgsam` is better; 0.5 is even. ms: median "
        "processor time of a run, archive included. [docs/search.md](../../docs/search.md) tells the "
        "other columns and the algorithms.", "",
        "## Quality", ""]
    for case in cases:
        lines += quality_table(bench, case, ALGORITHMS)
    lines += ["## How many evaluations save", "",
              "The first mark on the way at which the median of `pgsam` reaches what the rival has "
              "at the end. Marks are a factor of 1.2 apart.", ""]
    lines += speed_table(bench, cases)
    draw_curves(bench, drawn, os.path.join(pictures, "anytime.png"))
    draw_surfaces(bench, drawn, ["pgsam", "nsga2", "amosa"],
                  os.path.join(pictures, "attainment.png"))
    lines += ["![Missing volume against evaluations](comparison/anytime.png)", "",
              "![What runs attain in energy and latency](comparison/attainment.png)", "",
              "## What each idea is worth", "",
              "`pgsam` without one of its parts. A12 above 0.5: it is better with it; p with Holm's "
              "correction over the whole table.", ""]
    lines += ablation_table(bench, ablated)
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--folder", default=HERE, help="where the page goes (default: here)")
    parser.add_argument("--runs", type=int, help="of each algorithm (default 30)")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    runs = options.runs or (4 if options.quick else 30)
    pictures = os.path.join(options.folder, "comparison")
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qeilsim-comparison-") as scratch:
        bench = Bench(options.program, runs, scratch)
        text = page(bench, QUICK if options.quick else INSTANCES, pictures)
    with open(os.path.join(options.folder, "COMPARISON.md"), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
