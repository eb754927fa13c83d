#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the program against measured rows and writes VALIDATION.md, the pictures in validation/
and the table of README.md's "How wrong is it?". The same program and rows give the same page.
  validation.py --program build/bin/qeilsim --measured FOLDER
  validation.py --measured FOLDER --commands    # only prints every command of the page"""
import argparse
import concurrent.futures
import csv
import json
import os
import random
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "catalog"))
import fit_classes  # noqa: E402 (its folder is found first)

SEEDS = range(1, 21)
WORKERS = 2
FEW = 5  # classes of fewer members are marked
PHASES = ("prefill", "decode", "power", "energy")
BEGIN, END = "<!-- made by devices/validation.py -->\n", "<!-- end -->\n"

APPLE, SCOREBOARDS = "llamacpp_apple_4167.csv", "llamacpp_scoreboards_llama2_7b_q4_0.csv"
STRIX, ROCKCHIP = "strix_halo_lhl_power_temp.csv", "rockchip_rkllm.csv"
PI, SUITE = "pi5_llama_bench.csv", "telemetry_suite_m1pro_rtx3080.csv"
CAPS = "rtx_pro_6000_power_limit_sweep.csv"
TELEMETRY = "telemetry_suite_m1pro_rtx3080.csv"
EDGE = "edge_rolm_jetson_nano_pi4.csv"
OPERATORS = (("rtx-4090", "rtx_4090_llama31_8b", 4), ("rtx-pro-6000-blackwell",
                                                      "rtx_pro_6000_llama31_8b", 6))

# Every file of the common layout; those with a picture.
FILES = (APPLE, SCOREBOARDS, STRIX, ROCKCHIP, PI, "geerlingguy_ai_benchmarks.csv",
         "lhl_efficiency_and_lunarlake.csv", "tmac_cpu_energy.csv",
         "edge_rolm_jetson_nano_pi4.csv", SUITE, "tinybench_sustained_throttling.csv", CAPS,
         "web_power_limit_sweeps.csv")
PICTURES = (APPLE, SCOREBOARDS, STRIX, ROCKCHIP, PI, "geerlingguy_ai_benchmarks.csv",
            "edge_rolm_jetson_nano_pi4.csv", SUITE)

# Fits of classes: cards of one maker and memory, narrow classes first.
NVIDIA_CARDS = [f"gddr-gpu-{name}" for name in (
    "turing-geforce", "ampere-geforce", "ada-geforce", "blackwell-geforce", "maxwell", "pascal",
    "turing", "ampere", "ada", "blackwell")]
AMD_CARDS = ["gddr-gpu-rdna2", "gddr-gpu-rdna3", "gddr-gpu-rdna4", "hbm-gpu-amd"]

PI_MODELS = fit_classes.IN_MEMORY.split("=")[1].split(",") + ["mpt-7b-instruct"]
PLAIN_MODELS = fit_classes.PLAIN.split("=")[1].split(",")
STRIX_SMALL = ("llama-2-7b.Q4_0", "llama-2-7b.Q4_K_M", "shisa-v2-llama3.1-8b.i1-Q4_K_M")
STRIX_LARGE = ("Mistral-Small-3.1-24B-Instruct-2503-UD-Q4_K_XL", "gemma-3-27b-it-UD-Q4_K_XL",
               "Qwen3-32B-Q8_0", "shisa-v2-llama3.3-70b.i1-Q4_K_M")
LINEAR = ("Qwen3.5 0.8B", "Qwen3.5 2B", "Qwen3.5 4B", "Qwen3.5-0.8B")
VISION = ("Qwen2-VL-2B", "Qwen2.5-VL-3B", "MiniCPM-V-2_6", "SmolVLM-256M", "Qwen3-VL-2B")

# What is judged: `measure` takes the answers of `commands` in order and gives (error, rows).
Goal = namedtuple("Goal", "subject quantity limit commands measure headline")


def words(column, values):
    """A term of W; values with signs of W in them are quoted."""
    quoted = [f'"{value}"' if re.search("[,&=]", value) else value for value in values]
    return f"{column}={','.join(quoted)}"


def validate(file, where=None, fit_on=None, best_of=None):
    command = ["validate", "--measured", f"measured/{file}"]
    command += ["--best-of", best_of] if best_of else []
    command += ["--fit-on", fit_on] if fit_on else []
    command += ["--where", where] if where else []
    return tuple(command)


def fit_class(name):
    _, files, where, best_of = next(entry for entry in fit_classes.FITS if entry[0] == name)
    command = ["fit", "--device", f"class:{name}"]
    for file in files:
        command += ["--measured", f"measured/{file}"]
    command += ["--where", where] if where else []
    command += ["--best-of", best_of] if best_of else []
    return tuple(command)


def fit_operators(device, folder):
    return ("fit", "--operators", f"measured/serving/operators/{folder}", "--device", device,
            "--split", "0.5", "--seed", "1")


class Program:
    """Runs commands in a folder in which `measured` is the folder of rows; each once."""

    def __init__(self, program, measured, folder):
        self.program, self.folder = os.path.abspath(program), folder
        self.known = {}
        os.symlink(os.path.abspath(measured), os.path.join(folder, "measured"))

    def run(self, command):
        run = subprocess.run([self.program, *command], cwd=self.folder, capture_output=True,
                             text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"{shlex.join(['qeilsim', *command])}\n{run.stderr.strip()}")
        return run.stdout

    def ask(self, command):
        return json.loads(self.run([*command, "--json", "--quiet"]))

    def ask_all(self, commands):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            self.known = dict(zip(commands, pool.map(self.ask, commands)))

    def picture(self, file):
        """Through the stored rows; the script of the plot stays in the scratch folder."""
        name = os.path.splitext(file)[0]
        self.run([*validate(file), "--quiet", "-o", name + ".h5"])
        self.run(["plot", name + ".h5", "validation", "-o", name + ".png"])
        with open(os.path.join(self.folder, name + ".png"), "rb") as picture:
            return picture.read()


def shown(command):
    """The command as a fenced block that a shell takes."""
    text = shlex.join(["qeilsim", *command])
    lines, line = [], ""
    for part in re.split(r" (?=--)", text):
        if line and len(line) + len(part) > 105:
            lines.append(line + " \\")
            line = "    " + part
        else:
            line = f"{line} {part}" if line else part
    return "```sh\n" + "\n".join([*lines, line]) + "\n```\n"


def table(head, rows):
    """Columns whose title ends in % or is a count are set right."""
    right = re.compile(r"%$|^(?:n|rows|members|bias|goal|reached)$")
    text = "| " + " | ".join(head) + " |\n|"
    text += "".join("--:|" if right.search(title) else "---|" for title in head) + "\n"
    return text + "".join("| " + " | ".join(row) + " |\n" for row in rows) + "\n"


def percent(value):
    return "-" if value is None else f"{100 * value:.1f}"


def signed(value):
    return "-" if value is None else f"{100 * value:+.1f}"


# ---------------------------------------------------------------- goals

def group_of(phase, key="median_abs_error"):
    def measure(answers):
        group = answers[0]["groups"][phase]
        return group[key], group["n"]
    return measure


def middle_of(phase):
    """Median of the medians of several fits."""
    def measure(answers):
        groups = [answer["groups"][phase] for answer in answers]
        return (statistics.median(group["median_abs_error"] for group in groups),
                sum(group["n"] for group in groups))
    return measure


def left_out_errors(answers, phase):
    """Errors of rows of devices that their class was fitted without. A device of several classes
    counts by the first of them alone."""
    errors = {}
    for answer in answers:
        mine = {}
        for row in answer.get("left_out", {}).get(phase, []):
            mine.setdefault(row["device"], []).append(row["error"])
        for device, values in mine.items():
            errors.setdefault(device, values)
    return errors


def pooled_left_out(phase):
    def measure(answers):
        pool = [abs(e) for values in left_out_errors(answers, phase).values() for e in values]
        return statistics.median(pool), len(pool)
    return measure


def measured_models(folder, file, device=None):
    """Names of a file's models, in order of the first row."""
    with open(os.path.join(folder, file), encoding="utf-8", newline="") as rows:
        names = [row["model"] for row in csv.DictReader(rows)
                 if not device or row["device"] == device]
    return list(dict.fromkeys(names))


def chosen(models, n):
    """What is fitted on, for each seed."""
    return [random.Random(seed).sample(list(models), n) for seed in SEEDS]


def pi_commands():
    return [validate(PI, f"phase=decode & {words('model', PI_MODELS)}",
                     f"phase=decode & {words('model', picked)}") for picked in chosen(PI_MODELS, 3)]


def npu_commands(device, models, all_of):
    where = f"device={device}" + ("" if all_of else " & " + words("model", models))
    return [validate(ROCKCHIP, where, f"device={device} & {words('model', picked)}")
            for picked in chosen(models, 2)]


def npu_models(folder, device):
    """Those of the device whose names the program knows."""
    unknown = ("RWKV7 1.5B",)
    return [name for name in measured_models(folder, ROCKCHIP, device) if name not in unknown]


def strix_commands(folder):
    return [validate(STRIX, None, words("model", picked), "backend")
            for picked in chosen(measured_models(folder, STRIX), 2)]


def apple_goals():
    for quant, decode, prefill in (("F16", 5, 6), ("Q8_0", 3, 2)):
        command = [validate(APPLE, f"quant={quant}", "quant=Q4_0")]
        subject = f"Apple GPUs fitted on Q4_0, asked for {quant}"
        yield Goal(subject, "decode", decode, command, group_of("decode"), True)
        yield Goal(subject, "prefill", prefill, command, group_of("prefill"), True)


def class_goals():
    for subject, names, limits in (
            ("Data sheet and class: Apple GPUs", ["soc-gpu-apple"], (5, 5)),
            ("Data sheet and class: NVIDIA cards with GDDR", NVIDIA_CARDS, (6, 15)),
            ("Data sheet and class: NVIDIA modules with HBM", ["hbm-gpu-nvidia"], (12, 30)),
            ("Data sheet and class: AMD cards and modules", AMD_CARDS, (15, 25))):
        commands = [fit_class(name) for name in names if name in several_members()]
        for phase, limit in zip(("decode", "prefill"), limits):
            yield Goal(subject, phase, limit, commands, pooled_left_out(phase), True)


def few_models_goals(folder):
    yield Goal("Raspberry Pi 5 fitted on three models that fit its memory", "decode", 5,
               pi_commands(), middle_of("decode"), True)
    for device in ("Rockchip RK3588", "Rockchip RK3576"):
        for name, models, all_of in (("all models", npu_models(folder, device), True),
                                     ("plain models", PLAIN_MODELS, False)):
            commands = npu_commands(device, models, all_of)
            subject = f"{device.split()[1]} NPU fitted on two models, {name}"
            yield Goal(subject, "decode", 10, commands, middle_of("decode"), not all_of)
            yield Goal(subject, "prefill", 20, commands, middle_of("prefill"), not all_of)
    for phase, limit in (("decode", 10), ("prefill", 15)):
        yield Goal("Strix Halo GPU, best backend, fitted on two models", phase, limit,
                   strix_commands(folder), middle_of(phase), True)


def operator_goals():
    for device, folder, gemm in OPERATORS:
        command = [fit_operators(device, folder)]
        subject = f"Operators of the {device}, the half not fitted to"
        yield Goal(subject, "GEMM", gemm, command, group_of("GEMM"), False)
        yield Goal(subject, "GEMM, p90", 15, command, group_of("GEMM", "p90_abs_error"), False)
        for kind, limit in (("decode", 6), ("prefill", 12), ("mixed", 10)):
            yield Goal(subject, f"attention, {kind}", limit, command,
                       group_of(f"attention, {kind}"), False)


def worst_of(phase):
    """By what factor, less one, the worst row is off; at most ten rows of both phases are told."""
    def measure(answers):
        errors = [row["error"] for row in answers[0]["worst"] if row["phase"] == phase]
        return max(max(e, -e / (1 + e)) for e in errors), answers[0]["groups"][phase]["n"]
    return measure


def cap_goals():
    """One set of parameters for all limits, so that fitted rows are judged."""
    for phase, limit in (("decode", 3), ("prefill", 4)):
        where = f"model=Llama 2 7B & phase={phase}"
        yield Goal("RTX PRO 6000 under limits of 200 to 600 W, fitted on all of them",
                   f"{phase}, worst row", limit, [validate(CAPS, where, "model=Llama 2 7B")],
                   worst_of(phase), False)


def energy_goals(folder):
    for name, file, device, best_of in (
            ("M1 Pro", TELEMETRY, "Apple M1 Pro (GPU cores not stated)", None),
            ("RTX 3080", TELEMETRY, "NVIDIA GeForce RTX 3080 10GB", None),
            ("Jetson Nano, CPU", EDGE, "NVIDIA Jetson Nano 4GB (CPU only)", "notes")):
        where = "device=" + device
        yield Goal(f"{name} fitted on two models", "energy per token", 12,
                   [validate(file, where, f"{where} & {words('model', picked)}", best_of)
                    for picked in chosen(measured_models(folder, file, device), 2)],
                   middle_of("energy"), True)


def power_goals(folder):
    """The limits are what a constant for each phase errs by."""
    for phase, lengths, limit in (("decode", "gen_tokens=2048,4096", 11.2),
                                  ("prefill", "prompt_tokens=2048,4096", 2.7)):
        yield Goal("Strix Halo GPU, best backend, fitted on two models, 2,048 tokens and more",
                   f"power in {phase}", limit,
                   [validate(STRIX, lengths, f"{lengths} & {words('model', picked)}", "backend")
                    for picked in chosen(measured_models(folder, STRIX), 2)],
                   middle_of("power"), True)


def memory_goals():
    yield Goal("Raspberry Pi 5 with dense models beyond its memory, from its data sheet",
               "decode, worst row", 100,
               [validate(PI, "phase=decode & model=gemma-2-9b,Yi-1.5-9B,Qwen2.5-14B")],
               worst_of("decode"), False)


def all_goals(folder):
    return [*apple_goals(), *class_goals(), *few_models_goals(folder), *operator_goals(),
            *cap_goals(), *energy_goals(folder), *power_goals(folder), *memory_goals()]


def verdict(value, limit):
    over = 100 * value - limit
    return "reached" if over <= 0 else f"missed by {max(over, 0.05):.1f}"


def goal_rows(goals, known):
    for goal in goals:
        value, n = goal.measure([known[command] for command in goal.commands])
        yield goal, value, n, verdict(value, goal.limit)


def goals_text(judged):
    reached = sum(word == "reached" for *_, word in judged)
    yield ("## Goals and what is reached\n\nMedian absolute error in % of the measured rate (or "
           "of the time of an operator, of watts, of joules for a token; *worst row*: the factor "
           "by which the worst is off, less one). \"Missed by\" is in points of percent. "
           f"{reached} of {len(judged)} are reached.\n\n")
    yield table(("what is known, what is asked", "quantity", "goal", "reached", "rows", "verdict"),
                [(goal.subject, goal.quantity, f"{goal.limit} %", percent(value) + " %", str(n),
                  word if word == "reached" else f"**{word}**") for goal, value, n, word in judged])
    yield ("*Data sheet and class*: each device is predicted by a class that was fitted without "
           "it. A GeForce card counts by the class of its generation's GeForce cards, any other "
           "card by the class above; where a class has one member, that member counts by the class "
           f"above. *Fitted on two or three models*: Python's `random.Random(seed).sample` "
           f"chooses them for the seeds {SEEDS[0]} to {SEEDS[-1]}, all other rows of the device are "
           "predicted, and the number is the median of the seeds' medians (rows: of all seeds "
           "together). *Plain models* have dense products and attention alone.\n\n"
           "**What leaks.** Only the rows *data sheet and class* are free of the rows asked for. A "
           "fit on few rows starts from the class, and the class was fitted to the same file: to "
           "all formats of the Apple GPUs, to the plain models of the four Rockchip NPUs, and to "
           "the very Raspberry Pi 5 and Strix Halo, the one member of their classes. So these "
           "numbers tell how well the model follows such a device, and are better than those of a "
           "device that nobody has measured. The operators' halves are free of each other.\n\n")
    yield "The commands, for several seeds or classes the first of them:\n\n"
    seen = set()
    for goal, *_ in judged:
        if goal.commands[0] in seen:
            continue
        seen.add(goal.commands[0])
        more = f", 1 of {len(goal.commands)}" if len(goal.commands) > 1 else ""
        yield f"{goal.subject}{more}:\n\n{shown(goal.commands[0])}\n"


# ---------------------------------------------------------------- classes

def class_fit(name):
    """Members and rows that the class's file tells."""
    with open(os.path.join(HERE, "catalog", "classes", name + ".yaml"), encoding="utf-8") as file:
        text = file.read()
    members = re.search(r"^fit:\n  devices:\n((?:    - .*\n)+)  rows: (\d+)", text, re.MULTILINE)
    return (members.group(1).count("\n"), int(members.group(2))) if members else (0, 0)


def several_members():
    return [entry[0] for entry in fit_classes.FITS if class_fit(entry[0])[0] > 1]


def classes_text(known):
    yield ("## Classes\n\nWhat a class's file was fitted to, and the errors of its members, each "
           f"predicted by a class that was fitted without it. `*` marks classes of fewer than {FEW} "
           "members: what they promise of a new device is a guess. Where a class has one member "
           "there is nothing to leave out.\n\n")
    rows = []
    for name, *_ in fit_classes.FITS:
        members, n = class_fit(name)
        answer = known.get(fit_class(name), {"groups": {}})
        cells = [name + ("" if members >= FEW else "\\*"), str(members), str(n)]
        for phase in ("decode", "prefill"):
            group = answer["groups"].get(phase)
            cells += [percent(group["median_abs_error"]), percent(group["p90_abs_error"]),
                      signed(group["bias"])] if group else ["-"] * 3
        rows.append(cells)
    yield table(("class", "members", "rows", "decode, median %", "p90 %", "bias %",
                 "prefill, median %", "p90 %", "bias %"), rows)
    yield shown(fit_class("gddr-gpu-ada")) + "\n"
    yield ("The file, W and `--best-of` of each class stand in "
           "[fit_classes.py](catalog/fit_classes.py); `qeilsim list classes` has the same errors as "
           "they were when the classes were written.\n\n")


# ---------------------------------------------------------------- files

def file_rows(answer):
    for phase in PHASES:
        for column in ("kind", "class"):
            for name, group in answer["by"][column].get(phase, {}).items():
                yield (phase, name, str(group["n"]), percent(group["median_abs_error"]),
                       percent(group["mean_abs_error"]), signed(group["bias"]),
                       percent(group["inside_90"]))


def file_text(file, answer):
    name = os.path.splitext(file)[0]
    yield f"### {name}\n\n"
    rows = list(file_rows(answer))
    if rows:
        yield table(("quantity", "kind, then class", "n", "median %", "mean %", "bias %",
                     "inside %"), rows)
    else:
        yield "No row can be predicted.\n\n"
    notes = [f"* skipped: {n} rows, {reason}\n"
             for reason, n in sorted(answer["skipped_by_reason"].items())]
    if answer.get("borderline"):
        notes.append(f"* {answer['borderline']} values of rows whose model lies near the end of the "
                     "memory are in no group\n")
    yield "".join(notes) + ("\n" if notes else "") + shown(validate(file)) + "\n"
    if file in PICTURES:
        yield f"![Predicted against measured: {name}](validation/{name}.png)\n\n"


def files_text(known):
    yield ("## Every file\n\nAll rows as they are, each device by its data sheet and class. "
           "**These are not predictions of the unseen**: most classes were fitted to rows of these "
           "very files, among them often the row itself; the goals above are fairer. "
           "The rows are of any software, also of slow settings. Models that memory does not hold "
           "are read from storage in the prediction too, and rows whose power limit is told run "
           "under it. Rows of several devices are skipped. Watts and joules are held against what "
           "the source read, be that the chip or the wall.\n\n")
    for file in FILES:
        yield from file_text(file, known[validate(file)])


# ---------------------------------------------------------------- extrapolation

def extrapolations():
    full = words("notes", ["power LIMIT (cap) = 600 W, set with the driver; actual draw not recorded,"
                           " so power_W is left empty; power_limit_W=600"])
    short = "prompt_tokens=32,128,512 & phase=prefill"
    return (
        ("Strix Halo, models to 8B, asked for 24B to 70B dense",
         [validate(STRIX, words("model", STRIX_LARGE), words("model", STRIX_SMALL), "backend")]),
        ("Strix Halo, Llama 2 7B in Q4_0, asked for Q8_0 and Q4_K_M",
         [validate(STRIX, "quant=Q8_0,Q4_K_M", words("model", STRIX_SMALL[:1]), "backend")]),
        ("Strix Halo, prompts to 512 tokens, asked for 2048 and 4096",
         [validate(STRIX, "phase=prefill & prompt_tokens=2048,4096", short, "backend")]),
        ("Strix Halo, answers to 512 tokens, asked for 2048 and 4096",
         [validate(STRIX, "phase=decode & gen_tokens=2048,4096",
                   "phase=decode & gen_tokens=32,128,512", "backend")]),
        ("RTX PRO 6000 at 600 W, Llama 2 7B, asked for Llama 3.3 70B",
         [validate(CAPS, "model=Llama 3.3 70B", f"model=Llama 2 7B & {full}")]),
        ("RTX 3080, Qwen2.5 3B in Q4_K_M, asked for 7B and 8B",
         [validate(SUITE, "device=NVIDIA GeForce RTX 3080 10GB & params_B=7.25,8.03",
                   "device=NVIDIA GeForce RTX 3080 10GB & model=qwen2.5-3b-instruct-q4_k_m")]),
        ("M1 Pro, Qwen2.5 3B in Q4_K_M, asked for 4B to 11B",
         [validate(SUITE, "backend=llama.cpp Metal & params_B=3.84,7.25,7.62,8.03,9.24,11.1",
                   "backend=llama.cpp Metal & model=qwen2.5-3b-instruct-q4_k_m")]),
    )


def extrapolation_text(known):
    yield ("## Extrapolation\n\nFitted to some rows of a device, asked for others that lie outside "
           "of them. The class that a fit starts from knows rows of both kinds, see *What leaks* "
           "above.\n\n")
    rows, pool = [], {"decode": [0, 0], "prefill": [0, 0]}
    for name, commands in extrapolations():
        for phase, count in pool.items():
            group = known[commands[0]]["groups"][phase]
            if not group["n"]:
                continue
            count[0] += round(group["inside_90"] * group["n"])
            count[1] += group["n"]
            rows.append((name, phase, str(group["n"]), percent(group["median_abs_error"]),
                         percent(group["p90_abs_error"]), signed(group["bias"]),
                         percent(group["inside_90"])))
    yield table(("fitted on, asked for", "quantity", "n", "median %", "p90 %", "bias %",
                 "inside %"), rows)
    inside, n = (sum(count[i] for count in pool.values()) for i in (0, 1))
    yield (f"The 90 % interval holds {percent(inside / n)} % of all {n} rows: "
           + ", ".join(f"{percent(a / b)} % in {phase}" for phase, (a, b) in pool.items())
           + ". It knows how uncertain the parameters are, and how equal runs scatter; it does not "
           "know where the model itself is wrong, and that is the greater part outside of what was "
           "fitted.\n\n")
    for _, commands in extrapolations():
        yield shown(commands[0]) + "\n"


# ---------------------------------------------------------------- misses

LINEAR_ROWS = validate(ROCKCHIP, words("model", LINEAR))
VISION_ROWS = validate(ROCKCHIP, words("model", VISION))
PLAIN_ROWS = validate(ROCKCHIP, fit_classes.PLAIN)
EXPERTS = validate(CAPS, "model=gpt-oss-120b,Qwen3 30B-A3B")
DENSE = validate(CAPS, "model=Llama 3.3 70B,Mistral Nemo 12B")
STRIX_BEST = validate(STRIX, None, None, "backend")
WHY = (LINEAR_ROWS, VISION_ROWS, PLAIN_ROWS, EXPERTS, DENSE, STRIX_BEST)


def told(answer, phase):
    group = answer["groups"][phase]
    return f"{percent(group['median_abs_error'])} % (bias {signed(group['bias'])} %, n {group['n']})"


def by(answer, column, phase, name):
    group = answer["by"][column][phase][name]
    return f"{percent(group['median_abs_error'])} % (bias {signed(group['bias'])} %, n {group['n']})"


def worst_left_out(known, name, phase):
    errors = left_out_errors([known[fit_class(name)]], phase)
    device = max(errors, key=lambda one: max(abs(e) for e in errors[one]))
    worst = max(errors[device], key=abs)
    return f"{device} ({signed(worst)} %)"


def too_wide(answer):
    """Intervals that no row leaves."""
    inside = {phase: answer["groups"][phase]["inside_90"] for phase in ("decode", "prefill")}
    if min(inside.values()) > 0.99:
        yield ("**Intervals that hold everything.** Of the Rockchip rows "
               f"{percent(inside['decode'])} % in decode and {percent(inside['prefill'])} % in "
               "prefill lie in their interval, since these reach over decades: the class's attention "
               "gets a share of the peak near zero, and the spread of shares is taken as absolute. "
               "They say nothing.")


def misses_text(known, judged):
    scores, strix = known[validate(SCOREBOARDS)], known[validate(STRIX)]
    suite = known[validate(SUITE)]
    yield "## Where it is wrong, and why\n\nMedian absolute errors, with the same commands.\n\n"
    missed = [f"{goal.subject}, {goal.quantity}" for goal, _, _, word in judged if word != "reached"]
    yield "Goals that are missed:\n\n" + "".join(f"* {text}\n" for text in missed) + "\n"
    yield "What the residuals say:\n\n"
    for text in (
        "**Prefill of NPUs goes by the kind of model.** Of plain models on Rockchip boards it is "
        f"off by {told(known[PLAIN_ROWS], 'prefill')}; where layers keep a "
        f"state instead of attention (Qwen3.5) by {told(known[LINEAR_ROWS], 'prefill')}; of "
        f"models behind a vision tower by {told(known[VISION_ROWS], 'prefill')}. One set of "
        "parameters does not serve them all, and a fit on two models chosen by chance may rest on "
        "the odd ones alone. Why the runtime treats them so differently the rows do not tell.",
        "**A back end is a device of its own.** On the scoreboards prefill is off by "
        f"{by(scores, 'backend', 'prefill', 'llama.cpp CUDA')} with CUDA, "
        f"{by(scores, 'backend', 'prefill', 'llama.cpp ROCm')} with ROCm and "
        f"{by(scores, 'backend', 'prefill', 'llama.cpp Vulkan')} with Vulkan: one set of "
        "efficiencies stands for all software, and NVIDIA's classes were fitted to CUDA. On Strix "
        f"Halo all back ends together give {told(strix, 'prefill')} in prefill, the best one of "
        f"each test {told(known[STRIX_BEST], 'prefill')}.",
        "**Experts in prefill.** On the RTX PRO 6000 dense models are off by "
        f"{told(known[DENSE], 'prefill')}, models with experts (MXFP4 and Q4_K_M) by "
        f"{told(known[EXPERTS], 'prefill')}, in decode {told(known[DENSE], 'decode')} and "
        f"{told(known[EXPERTS], 'decode')}. A batch is dealt to experts unevenly, and each gets a "
        "small product; the class has one number for that.",
        "**Few members.** A class of two or three cards that leaves one out predicts it by what is "
        "left. The farthest: "
        f"{worst_left_out(known, 'hbm-gpu-nvidia', 'prefill')} of the NVIDIA modules in prefill, "
        f"{worst_left_out(known, 'gddr-gpu-rdna3', 'decode')} of RDNA 3 in decode, "
        f"{worst_left_out(known, 'gddr-gpu-maxwell', 'decode')} of the cards before Pascal, "
        f"{worst_left_out(known, 'gddr-gpu-arc', 'prefill')} of Intel Arc. Peaks of different "
        "kinds (with matrix units and without, dp4a, FP16 at half the rate) meet in them.",
        "**Rows that are not of llama-bench.** The telemetry suite's decode is off by "
        f"{by(suite, 'class', 'decode', 'soc-gpu-apple')} on the M1 Pro, whose "
        "rows in the scoreboard fit; cores, cooling and what else ran are not told. Phones of the "
        "TinyBench rows slow down while they run, which a rate alone does not tell.",
        "**Attention of serving engines.** The times of the operator tables go by chunk, cache and "
        "number of sequences in ways that the few parameters of attention follow in the mean only; "
        "the median error of each kind stands among the goals.",
        "**Watts** are those of the class and the power limit, not fitted to draws. On Strix Halo "
        f"they are off by {told(strix, 'power')}, where the sensor's mean takes in the loading of "
        "the model.",
        *too_wide(known[validate(ROCKCHIP)]),
    ):
        yield f"* {text}\n"
    yield "\n"
    for command in WHY:
        yield shown(command) + "\n"


# ---------------------------------------------------------------- page

HEAD = """<!-- Made by devices/validation.py (the target `validation`); do not edit. -->
# Validation

What the program predicts, held against public measurements of tokens per second, watts and times of operators. A
prediction knows a device by its data sheet and by its class (what related devices have in common), or by a few rows
of that device that it was fitted to; each table says which. [docs/validation.md](../docs/validation.md) tells how
rows are read and what the columns of the tables mean: *median*, *mean* and *p90* are of the absolute error in % of the
measured value, *bias* is the median error with its sign (+ is too fast), *inside* is the share of rows whose measured
value lies in the 90 % interval.

The rows are facts from public sources that do not come with the program; a sample that does is
[tests/data/measured-rows.csv](../tests/data/measured-rows.csv). With the folder of rows beside the checkout as
`shared/measured`, or named by `-DQEILSIM_MEASURED=FOLDER`, `ninja -C build validation` makes this page anew. The
commands below want that folder as `measured` in the current one; `devices/validation.py --commands` prints all that
were run.

"""


def commands_of(goals):
    lists = [goal.commands for goal in goals] + [commands for _, commands in extrapolations()]
    lists += [[fit_class(name) for name in several_members()], WHY,
              [validate(file) for file in FILES]]
    return list(dict.fromkeys(command for commands in lists for command in commands))


def page(known, judged):
    yield HEAD
    yield from goals_text(judged)
    yield from classes_text(known)
    yield from files_text(known)
    yield from extrapolation_text(known)
    yield from misses_text(known, judged)


def put_headline(judged):
    """README's table; left alone where the marks are not there."""
    path = os.path.join(HERE, "..", "README.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if BEGIN not in text:
        return
    errors = {}
    for goal, value, *_ in judged:
        if goal.headline:
            errors.setdefault(goal.subject, {})[goal.quantity] = percent(value)
    made = "\n" + table(("what is known, what is asked", "decode, median %", "prefill, median %"),
                        [(subject, one.get("decode", "-"), one.get("prefill", "-"))
                         for subject, one in errors.items()])
    before, rest = text.split(BEGIN)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + made + END + rest.split(END, 1)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the qeilsim program")
    parser.add_argument("--measured", required=True, help="folder of the measured rows")
    parser.add_argument("--commands", action="store_true", help="print the commands, run nothing")
    arguments = parser.parse_args()
    goals = all_goals(arguments.measured)
    commands = commands_of(goals)
    if arguments.commands:
        print("\n".join(shlex.join(["qeilsim", *command]) for command in commands))
        return
    if not arguments.program:
        parser.error("--program is needed")
    with tempfile.TemporaryDirectory(prefix="qeilsim-validation-") as folder:
        program = Program(arguments.program, arguments.measured, folder)
        program.ask_all(commands)
        judged = list(goal_rows(goals, program.known))
        for file in PICTURES:
            name = os.path.splitext(file)[0] + ".png"
            with open(os.path.join(HERE, "validation", name), "wb") as picture:
                picture.write(program.picture(file))
        with open(os.path.join(HERE, "VALIDATION.md"), "w", encoding="utf-8") as out:
            out.write("".join(page(program.known, judged)).rstrip("\n") + "\n")
    put_headline(judged)
    for goal, value, _, word in judged:
        print(f"{goal.subject + ', ' + goal.quantity:72s} {percent(value):>6s} %  {word}")


if __name__ == "__main__":
    main()
