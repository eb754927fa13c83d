#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The goals of VALIDATION.md: what is asked of the program, by which commands, and how the answers
make an error. Paths of rows are below `measured`."""
import csv
import os
import random
import re
import statistics
import sys
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "catalog"))
import fit_classes  # noqa: E402 (its folder is found first)

SEEDS = range(1, 21)

APPLE, SCOREBOARDS = "llamacpp_apple_4167.csv", "llamacpp_scoreboards_llama2_7b_q4_0.csv"
STRIX, ROCKCHIP = "strix_halo_lhl_power_temp.csv", "rockchip_rkllm.csv"
PI, SUITE = "pi5_llama_bench.csv", "telemetry_suite_m1pro_rtx3080.csv"
CAPS = "rtx_pro_6000_power_limit_sweep.csv"
EDGE = "edge_rolm_jetson_nano_pi4.csv"
GRAPHICS_LOG, BOARD_LOGS = "telemetry_suite_power_temp_traces.csv", "sbcbench_thermal_traces.csv"
OPERATORS = (("rtx-4090", "rtx_4090_llama31_8b", 4), ("rtx-pro-6000-blackwell",
                                                      "rtx_pro_6000_llama31_8b", 6))

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

# What is judged: `measure` takes the answers of `commands` in order and gives (error, rows). An
# error is a fraction, its limit in %; or both are in K.
Goal = namedtuple("Goal", "subject quantity limit commands measure headline unit", defaults=["%"])


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


def validate_thermal(file):
    return ("validate", "--thermal", f"measured/{file}", "--split", "0.5")


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
            ("M1 Pro", SUITE, "Apple M1 Pro (GPU cores not stated)", None),
            ("RTX 3080", SUITE, "NVIDIA GeForce RTX 3080 10GB", None),
            ("Jetson Nano, CPU", EDGE, "NVIDIA Jetson Nano 4GB (CPU only)", "notes")):
        where = "device=" + device
        yield Goal(f"{name} fitted on two models", "energy per token", 12,
                   [validate(file, where, f"{where} & {words('model', picked)}", best_of)
                    for picked in chosen(measured_models(folder, file, device), 2)],
                   middle_of("energy"), True)


def power_goals(folder):
    """The limits are what a constant for each phase errs by that all rows were looked at for."""
    for phase, lengths, limit in (("decode", "gen_tokens=2048,4096", 11.2),
                                  ("prefill", "prompt_tokens=2048,4096", 2.7)):
        yield Goal("Strix Halo GPU, best backend, fitted on two models, 2,048 tokens and more",
                   f"power in {phase}", limit,
                   [validate(STRIX, lengths, f"{lengths} & {words('model', picked)}", "backend")
                    for picked in chosen(measured_models(folder, STRIX), 2)],
                   middle_of("power"), True)


def constant_power(folder, phase):
    """What a constant errs by that is the median draw of the same two models' rows, of the same
    rows as the goals, and asked for the other models: the median of the seeds' medians."""
    length = "prompt_tokens" if phase == "prefill" else "gen_tokens"
    test = ("model", "quant", "prompt_tokens", "gen_tokens", "context_depth", "batch", "flash_attn")
    best = {}
    with open(os.path.join(folder, STRIX), encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            key = tuple(row[column] for column in test)
            rate = float(row["tokens_per_s"])
            if (row["phase"] == phase and float(row[length] or 0) in (2048, 4096)
                    and rate > best.get(key, (0,))[0]):
                best[key] = rate, row["model"], float(row["power_W"])
    errors = []
    for picked in chosen(measured_models(folder, STRIX), 2):
        constant = statistics.median(watts for _, model, watts in best.values() if model in picked)
        errors.append(statistics.median(abs(constant / watts - 1) for _, model, watts
                                        in best.values() if model not in picked))
    return statistics.median(errors)


def memory_goals():
    yield Goal("Raspberry Pi 5 with dense models beyond its memory, from its data sheet",
               "decode, worst row", 100,
               [validate(PI, "phase=decode & model=gemma-2-9b,Yi-1.5-9B,Qwen2.5-14B")],
               worst_of("decode"), False)


def heat_goals():
    def measure(answers):
        return answers[0]["all"]["median_rmse_K"], answers[0]["all"]["n"]
    for subject, file, limit in (("RTX 3080 under requests, network fitted to the first half",
                                  GRAPHICS_LOG, 2),
                                 ("Boards with measured power, networks fitted to the first half",
                                  BOARD_LOGS, 4)):
        yield Goal(subject, "temperature, RMSE of the second half", limit, [validate_thermal(file)],
                   measure, False, "K")


def all_goals(folder):
    return [*apple_goals(), *class_goals(), *few_models_goals(folder), *operator_goals(),
            *cap_goals(), *energy_goals(folder), *power_goals(folder), *memory_goals(), *heat_goals()]


def class_fit(name):
    """Members and rows that the class's file tells."""
    with open(os.path.join(HERE, "catalog", "classes", name + ".yaml"), encoding="utf-8") as file:
        text = file.read()
    members = re.search(r"^fit:\n  devices:\n((?:    - .*\n)+)  rows: (\d+)", text, re.MULTILINE)
    return (members.group(1).count("\n"), int(members.group(2))) if members else (0, 0)


def several_members():
    return [entry[0] for entry in fit_classes.FITS if class_fit(entry[0])[0] > 1]
