#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the kernels' loops on processors that are not at hand, by qemu-user:
check_vectors.py SOURCE_FOLDER [LOOPS_TEST KERNELS_TEST]

For AArch64 the loops are cross-built with their test, and all files of the CPU backend are held
against the compiler. The two built tests run on x86-64 processors with less than this one has.
Exits 77 where a tool is not there (where CI=true: a failure)."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

COMPILER = "aarch64-linux-gnu-gcc-12"
FLAGS = ["-std=c17", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
         "-Wshadow", "-Wundef", "-Wvla", "-Werror", "-D_POSIX_C_SOURCE=200809L", "-D_DEFAULT_SOURCE"]
KERNELS = "devices/kernels/"
LOOPS = [KERNELS + name for name in ("blocks.c", "simd.c", "simd_neon.c", "simd_neon_dot.c",
                                     "simd_neon_products.c", "simd_scalar.c")] + ["tests/unit/test_kernels_simd.c"]
DOTS = ["-march=armv8.2-a+dotprod"]
ONLY_FOR = {KERNELS + "simd_neon_dot.c": DOTS, KERNELS + "simd_neon_products.c": DOTS}
PLAIN = "no vector instructions"
NEON = [PLAIN, "NEON"]
# What stands for a processor, and the instruction sets that it has.
ARM = {"cortex-a53": NEON, "cortex-a72": NEON, "neoverse-n1": [*NEON, "NEON with dot products"],
       "max": [*NEON, "NEON with dot products"]}
X86 = {"Nehalem": [PLAIN], "SandyBridge": [PLAIN], "Haswell": [PLAIN, "AVX2"]}


def skip(tool):
    print(f"skipped: {tool} is not there")
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def compile_file(path, out):
    """Compiles one file; "" as `out`: looks only. Headers of libraries are this system's: those
    that are needed do not depend on the processor."""
    how = ["-c", "-o", out] if out else ["-fsyntax-only"]
    this = os.path.join("/usr/include", f"{os.uname().machine}-linux-gnu")
    return subprocess.run([COMPILER, *FLAGS, *ONLY_FOR.get(path, []), "-I.", "-idirafter",
                           "/usr/include", "-idirafter", this, *how, path],
                          check=False).returncode == 0


def cross_build(folder):
    """The test of the loops as a static AArch64 program; None when it does not build."""
    objects = []
    for path in LOOPS:
        objects.append(os.path.join(folder, os.path.basename(path) + ".o"))
        if not compile_file(path, objects[-1]):
            return None
    program = os.path.join(folder, "loops")
    done = subprocess.run([COMPILER, "-static", "-o", program, *objects, "-lm"], check=False)
    return program if done.returncode == 0 else None


def run(emulator, processor, program):
    done = subprocess.run([emulator, "-cpu", processor, program], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{os.path.basename(program)} on {processor}: exit {done.returncode}\n"
              f"{done.stdout[-500:]}{done.stderr[-2000:]}")
    return done


def check_loops(emulator, program, processors):
    """Runs the test of the loops; it names the sets that it found on lines of their own."""
    faults = 0
    for processor, sets in processors.items():
        done = run(emulator, processor, program)
        found = done.stdout.splitlines()[:-1]
        if done.returncode == 0 and found != sets:
            print(f"{processor}: found {found}, should be {sets}")
        faults += done.returncode != 0 or found != sets
        print(f"{processor}: {', '.join(found)}")
    return faults


def check_arm():
    faults = sum(not compile_file(path, "") for path in sorted(glob.glob(KERNELS + "*.c")))
    with tempfile.TemporaryDirectory() as folder:
        program = cross_build(folder)
        return faults + (check_loops("qemu-aarch64", program, ARM) if program else 1)


def check_x86(loops, kernels):
    """The whole backend too where there is no AVX: the libraries that it loads choose as well."""
    faults = check_loops("qemu-x86_64", loops, X86)
    return faults + (run("qemu-x86_64", "Nehalem", kernels).returncode != 0)


def main():
    for tool in (COMPILER, "qemu-aarch64", "qemu-x86_64"):
        if not shutil.which(tool):
            skip(tool)
    tests = [os.path.abspath(path) for path in sys.argv[2:4]]
    os.chdir(sys.argv[1])
    faults = check_arm() + (check_x86(*tests) if tests else 0)
    print(f"{len(ARM)} AArch64 and {len(X86) if tests else 0} x86-64 processors, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
