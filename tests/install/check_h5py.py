#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that results of the program can be read and understood with h5py:
check_h5py.py PROGRAM SCENARIO MEASURED-ROWS. Exits 77 where h5py is not there (where CI=true: a
failure)."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: h5py is not there")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)

GROUPS = {"scenario", "front", "summary", "requests", "devices", "series", "changes"}
VALIDATION_GROUPS = {"validation", "validation_skipped", "validation_devices"}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def dataset_faults(name, data):
    for attribute in ("units", "long_name"):
        if not text(data.attrs.get(attribute, "")):
            yield f"{name}: no {attribute}"
    if data.dtype.kind == "f" and not numpy.isnan(data.attrs.get("_FillValue", 0)):
        yield f"{name}: _FillValue is not nan"
    is_scale = data.attrs.get("CLASS") == b"DIMENSION_SCALE"
    if data.ndim == 1 and not is_scale and len(data.dims[0]) != 1:
        yield f"{name}: no dimension scale"
    if "flag_values" in data.attrs:
        meanings = text(data.attrs["flag_meanings"]).split()
        if len(meanings) != len(data.attrs["flag_values"]):
            yield f"{name}: {len(meanings)} flag_meanings"


def common_faults(file, attributes, groups):
    for attribute in attributes:
        if attribute not in file.attrs:
            yield f"/: no attribute {attribute}"
    if set(file) != groups:
        yield f"/: the groups are {list(file)}"
    found = []
    file.visititems(lambda name, thing: found.extend(dataset_faults(name, thing))
                    if isinstance(thing, h5py.Dataset) else None)
    yield from found


def front_faults(file):
    yield from common_faults(file, ("Conventions", "title", "source", "schema", "seed"), GROUPS)
    if not text(file["scenario/yaml"][()]).startswith("schema: qeilsim/scenario/1"):
        yield "scenario/yaml: no scenario"
    for name, front in file["front"].items():
        energy = front["energy_J"][:]
        if not (energy[1:] >= energy[:-1]).all():
            yield f"front/{name}: not in order of energy"
        if len(energy) and "knee" not in text(front["mark"][front.attrs["knee"]]):
            yield f"front/{name}: the knee has no mark"


def validation_faults(file):
    yield from common_faults(file, ("Conventions", "title", "source", "schema"), VALIDATION_GROUPS)
    rows = file["validation"]
    predicted = rows["predicted"][:]
    if not len(predicted) or not (rows["low"][:] <= predicted).all():
        yield "validation: no rows, or predictions below their intervals"
    measured = rows["measured"][:]
    if not numpy.allclose(rows["error"][:], predicted / measured - 1):
        yield "validation: an error is not that of its row"
    if len(rows["device"]) != file["validation_devices/rows"][:].sum():
        yield "validation_devices: the devices' rows are not all"


def faults_of(command, path, find):
    subprocess.run([*command, "-o", path], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with h5py.File(path) as file:
        return list(find(file))


def main():
    program, scenario, measured = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="qeilsim-h5py-") as folder:
        path = os.path.join(folder, "result.h5")
        told = faults_of([program, "explore", scenario], path, front_faults)
        told += faults_of([program, "validate", "--measured", measured], path, validation_faults)
    print("\n".join([*told, f"{len(told)} faults"]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
