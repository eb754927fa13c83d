#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the tables of docs/results.md as a real result has them: results_tables.py PROGRAM PAGE
explores the quick-start scenario, validates a few rows and a thermal log, calibrates for a moment, lists what the
files hold, and writes that between the page's marks; with --check it only tells whether the page says so already. Exits 77
where h5py is not there (where CI=true: a failure)."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
except ImportError:
    print("skipped: h5py is not there")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)

BEGIN, END = "<!-- tables: made by docs/results_tables.py -->\n", "<!-- end of tables -->\n"
MEASURED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support",
                        "measured-small.csv")
TITLES = {
    "front/pgsam": "`/front/SCHEDULER`: one row per plan, in order of energy",
    "summary": "`/summary`: one value each, of the replayed plan",
    "requests": "`/requests`: one row per request, of the replayed plan",
    "devices": "`/devices`: one row per device, of the replayed plan",
    "truth": "`/truth`: one row per scheduler, of `explore --truth`",
    "slo": "`/slo`: one row per class of requests, where the scenario has `slo`",
    "series": "`/series`: one row per device and period, of the replayed plan",
    "changes": "`/changes`: one row per change of plan in the run, and per one that was asked for",
}
VALIDATION_TITLES = {
    "validation": "`/validation`: one row per predicted measurement",
    "validation_skipped": "`/validation_skipped`: one row per reason for leaving rows out",
    "validation_devices": "`/validation_devices`: one row per device",
}
THERMAL_LOG = os.path.join(os.path.dirname(MEASURED), "..", "cli", "thermal", "make.py")
THERMAL_TITLES = {
    "thermal_logs": "`/thermal_logs`: one row per log",
    "thermal_readings": "`/thermal_readings`: one row per reading of a log that was used",
}
KERNEL_TITLES = {
    "calibration/host/kernels": "`/calibration/DEVICE/kernels`: one row per kernel that was measured",
    "calibration/host/levels": "`/calibration/DEVICE/levels`: one row per level of caches",
}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def type_of(data):
    if "flag_meanings" in data.attrs:
        return text(data.attrs["flag_meanings"]).replace(" ", ", ")
    return {"f": "number", "i": "whole number"}.get(data.dtype.kind, "text")


def table(file, group, title):
    yield f"#### {title}\n\n"
    names = sorted(name for name in file[group].attrs)
    if names:
        yield "Attributes: " + ", ".join(f"`{name}`" for name in names) + ".\n\n"
    yield "| dataset | unit | type | meaning |\n|---|---|---|---|\n"
    for name, data in file[group].items():
        cells = (f"`{name}`", text(data.attrs["units"]), type_of(data),
                 text(data.attrs["long_name"]))
        yield "| " + " | ".join(cells) + " |\n"
    yield "\n"


def tables(path, titles):
    with h5py.File(path, track_order=True) as file:
        for group, title in titles.items():
            yield from table(file, group, title)


def main():
    check = "--check" in sys.argv
    program, page = (word for word in sys.argv[1:] if word != "--check")
    with tempfile.TemporaryDirectory(prefix="qeilsim-docs-") as folder:
        path = os.path.join(folder, "result.h5")
        subprocess.run([program, "explore", "quickstart", "--evaluations", "500", "--set",
                        "outputs.replay=3", "--set", "slo=[{name: chat, ttft_s: 1}]",
                        "--set", "search.granularity=model", "--truth", "--quiet", "-o", path], check=True,
                       stdout=subprocess.DEVNULL)
        made = "\n" + "".join(tables(path, TITLES))
        subprocess.run([program, "validate", "--measured", MEASURED, "--quiet", "-o", path],
                       check=True, stdout=subprocess.DEVNULL)
        made += "".join(tables(path, VALIDATION_TITLES))
        log = os.path.join(folder, "log.csv")
        with open(log, "w", encoding="utf-8") as file:
            subprocess.run([sys.executable, THERMAL_LOG], check=True, stdout=file)
        subprocess.run([program, "validate", "--thermal", log, "--quiet", "-o", path], check=True,
                       stdout=subprocess.DEVNULL)
        made += "".join(tables(path, THERMAL_TITLES))
        subprocess.run([program, "calibrate", "--quick", "--threads", "1", "--max-minutes", "0.35",
                        "--quiet", "--store", path], check=True, stdout=subprocess.DEVNULL)
        made += "".join(tables(path, KERNEL_TITLES))
    with open(page, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    old, after = rest.split(END)
    if check:
        if old != made:
            print(f"{page} is stale: run 'ninja -C build docs'")
        return int(old != made)
    with open(page, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + made + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
