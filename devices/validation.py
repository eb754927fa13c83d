#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the program against measured rows and writes VALIDATION.md, the pictures in validation/
and the table of README.md's "How wrong is it?". The same program and rows give the same page.
  validation.py --program build/bin/qeilsim --measured FOLDER
  validation.py --measured FOLDER --commands    # only prints every command of the page"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

from validation_goals import (
    APPLE, BOARD_LOGS, CAPS, EDGE, GRAPHICS_LOG, HERE, LINEAR, PI, ROCKCHIP, SCOREBOARDS, SEEDS,
    STRIX, STRIX_LARGE, STRIX_SMALL, SUITE, VISION, all_goals, class_fit, constant_power, fit_class,
    fit_classes, left_out_errors, several_members, validate, validate_thermal, words)

WORKERS = 2
FEW = 5  # classes of fewer members are marked
PHASES = ("prefill", "decode", "power", "energy")
BEGIN, END = "<!-- made by devices/validation.py -->\n", "<!-- end -->\n"

# Every file of the common layout; those with a picture.
FILES = (APPLE, SCOREBOARDS, STRIX, ROCKCHIP, PI, "geerlingguy_ai_benchmarks.csv",
         "lhl_efficiency_and_lunarlake.csv", "tmac_cpu_energy.csv",
         EDGE, SUITE, "tinybench_sustained_throttling.csv", CAPS,
         "web_power_limit_sweeps.csv")
PICTURES = (APPLE, SCOREBOARDS, STRIX, ROCKCHIP, PI, "geerlingguy_ai_benchmarks.csv",
            EDGE, SUITE)
THERMAL = (GRAPHICS_LOG, BOARD_LOGS)


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
        kind = "thermal" if file in THERMAL else "validation"
        command = validate_thermal(file) if file in THERMAL else validate(file)
        self.run([*command, "--quiet", "-o", name + ".h5"])
        self.run(["plot", name + ".h5", kind, "-o", name + ".png"])
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



def scaled(goal, value):
    """In the unit of its limit."""
    return value if goal.unit == "K" else 100 * value


def verdict(goal, value):
    over = scaled(goal, value) - goal.limit
    return "reached" if over <= 0 else f"missed by {max(over, 0.05):.1f}"


def goal_rows(goals, known):
    for goal in goals:
        value, n = goal.measure([known[command] for command in goal.commands])
        yield goal, value, n, verdict(goal, value)


def goals_text(judged):
    reached = sum(word == "reached" for *_, word in judged)
    yield ("## Goals and what is reached\n\nMedian absolute error in % of the measured rate (or "
           "of the time of an operator, of watts, of joules for a token; *worst row*: the factor "
           "by which the worst is off, less one; of temperatures the median root mean square error "
           "in K). \"Missed by\" is in points of percent, or in K. "
           f"{reached} of {len(judged)} are reached.\n\n")
    yield table(("what is known, what is asked", "quantity", "goal", "reached", "rows", "verdict"),
                [(goal.subject, goal.quantity, f"{goal.limit} {goal.unit}", f"{scaled(goal, value):.1f} {goal.unit}", str(n),
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
           "device that nobody has measured. The operators' halves are free of each other, and so "
           "are those of the temperature logs.\n\n")
    yield "The commands, for several seeds or classes the first of them:\n\n"
    seen = set()
    for goal, *_ in judged:
        if goal.commands[0] in seen:
            continue
        seen.add(goal.commands[0])
        more = f", 1 of {len(goal.commands)}" if len(goal.commands) > 1 else ""
        yield f"{goal.subject}{more}:\n\n{shown(goal.commands[0])}\n"


# ---------------------------------------------------------------- classes


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


# ---------------------------------------------------------------- temperatures

def seconds(log):
    return ", ".join(f"{one:.3g}" if known else f"[{one:.3g}]" for one, known in
                     zip(log["time_constants_s"], log["time_constants_identified"]))


def logs_text(file, answer):
    name = os.path.splitext(file)[0]
    yield f"### {name}\n\n"
    used = [log for log in answer["logs"] if not log["skipped"]]
    yield table(("log", "device", "power", "nodes", "time constants (s)", "fan", "RMSE fitted (K)",
                 "RMSE ahead (K)"),
                [(log["log"], log["device"], log["power_source"], str(log["order"]), seconds(log),
                  "yes" if log["fan_per_K"] > 0 else "-", f"{log['rmse_fit_K']:.2f}",
                  "-" if log["rmse_K"] is None else f"{log['rmse_K']:.2f}") for log in used])
    yield "".join(f"* not used: {n} logs, {reason}\n"
                  for reason, n in sorted(answer["skipped_by_reason"].items()))
    yield f"\n{shown(validate_thermal(file))}\n"
    yield f"![Measured and predicted temperatures: {name}](validation/{name}.png)\n\n"


def heat_text(known):
    yield ("## Temperatures over time\n\nA chain of one to three nodes, perhaps with a fan that "
           "speeds up as it gets warmer, is fitted to the first half of each log and driven by the "
           "power of the second half alone; the order is the one of the least information "
           "criterion. *proxy*: no power was logged, so that load and clock stand for it; such a log "
           "is fitted whole, and its error is no prediction. Time constants in brackets are those "
           "that the log does not tell; a log that tells none is not used. The fan "
           "and the rule that a slow constant must be told were made after errors on second halves "
           "had been looked at; the choice for each log looks at its first half only.\n\n")
    for file in THERMAL:
        yield from logs_text(file, known[validate_thermal(file)])


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


def misses_text(known, judged, measured):
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
        "**Watts** are those of the class and the power limit where nothing was fitted. On Strix Halo "
        f"they are off by {told(strix, 'power')}. The limits of the goals are what a constant errs "
        "by that is chosen with all rows in view; one that is chosen by the same two models errs by "
        f"{percent(constant_power(measured, 'decode'))} % in decode and "
        f"{percent(constant_power(measured, 'prefill'))} % in prefill. Prefill is held to about 100 W by "
        "a limit that the rows do not tell; the sensor's means take in the loading of the model, "
        "which is counted at the idle draw. Back ends, and versions of one, differ by a fifth of "
        "the power in decode at equal speed, and the fit has one set of parameters for all.",
        "**Joules of the Jetson Nano** are net of idle and of whole requests, with 1 to 4 threads "
        "mixed: what an idle core draws is not a parameter.",
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
              [validate(file) for file in FILES], [validate_thermal(file) for file in THERMAL]]
    return list(dict.fromkeys(command for commands in lists for command in commands))


def page(known, judged, measured):
    yield HEAD
    yield from goals_text(judged)
    yield from classes_text(known)
    yield from files_text(known)
    yield from heat_text(known)
    yield from extrapolation_text(known)
    yield from misses_text(known, judged, measured)


def put_headline(judged):
    """README's table; left alone where the marks are not there."""
    path = os.path.join(HERE, "..", "README.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if BEGIN not in text:
        return
    errors = {}
    for goal, value, *_ in judged:
        if goal.headline and goal.quantity in ("decode", "prefill"):
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
        for file in PICTURES + THERMAL:
            name = os.path.splitext(file)[0] + ".png"
            with open(os.path.join(HERE, "validation", name), "wb") as picture:
                picture.write(program.picture(file))
        with open(os.path.join(HERE, "VALIDATION.md"), "w", encoding="utf-8") as out:
            out.write("".join(page(program.known, judged, arguments.measured)).rstrip("\n") + "\n")
    put_headline(judged)
    for goal, value, _, word in judged:
        print(f"{goal.subject + ', ' + goal.quantity:72s} {scaled(goal, value):6.1f} {goal.unit}  {word}")


if __name__ == "__main__":
    main()
