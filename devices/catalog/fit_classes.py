#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits what the devices of each class have in common to measured rows, writes classes/*.yaml, and
prints how well each member is predicted by a class that was fitted without it. A class keeps what
no row tells. Parents come first: their values are the priors of their children.
  fit_classes.py --program build/bin/qeilsim --measured FOLDER [CLASS...]"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SCOREBOARDS = ("llamacpp_scoreboards_llama2_7b_q4_0.csv",)
RUNTIMES = ("lhl_efficiency_and_lunarlake.csv",)
BOARDS = ("pi5_llama_bench.csv",)
# Dense models that fit into the board's memory, in formats that its usual kernels serve.
IN_MEMORY = ("model=Qwen2.5-7B,Mistral-7B-Instruct-v0.3,Mistral-Nemo-Base-2407,"
             "Phi-3.5-mini-instruct,Yi-1.5-6B,Qwen2.5-3B,Qwen2.5-1.5B,stable-code-instruct-3b,"
             "Yi-Coder-1.5B")

CUDA = "backend=llama.cpp CUDA"
# Models of attention and dense products alone, without a vision tower.
PLAIN = ("model=Qwen2 0.5B,MiniCPM4 0.5B,Qwen3 0.6B,TinyLLAMA 1.1B,Qwen2.5 1.5B,InternLM2 1.8B,"
         "Gemma2 2B,TeleChat2 3B,Phi3 3.8B,MiniCPM3 4B,ChatGLM3 6B,Qwen3-VL 2B")

# Class, files of rows, rows (all), column whose fastest row counts.
FITS = [
    ("soc-gpu-apple", ("llamacpp_apple_4167.csv",), None, None),
    ("gddr-gpu-maxwell", SCOREBOARDS, None, "backend"),
    ("gddr-gpu-pascal", SCOREBOARDS, None, "backend"),
    ("gddr-gpu-turing", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-turing-geforce", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-ampere", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-ampere-geforce", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-ada", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-ada-geforce", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-blackwell", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-blackwell-geforce", SCOREBOARDS, CUDA, None),
    ("gddr-gpu-rdna2", SCOREBOARDS, None, "backend"),
    ("gddr-gpu-rdna3", SCOREBOARDS, None, "backend"),
    ("gddr-gpu-rdna4", SCOREBOARDS, None, "backend"),
    ("gddr-gpu-arc", SCOREBOARDS + RUNTIMES, None, "backend"),
    ("hbm-gpu-nvidia", SCOREBOARDS, CUDA, None),
    ("hbm-gpu-nvidia-volta", SCOREBOARDS, CUDA, None),
    ("hbm-gpu-amd", SCOREBOARDS, None, "backend"),
    ("soc-gpu-nvidia", SCOREBOARDS, CUDA, None),
    ("soc-gpu-rdna", ("strix_halo_lhl_power_temp.csv",), None, "backend"),
    ("soc-gpu-xe", RUNTIMES, None, "backend"),
    ("soc-npu-rockchip", ("rockchip_rkllm.csv",), PLAIN, None),
    ("x86-cpu", RUNTIMES, None, "backend"),
    ("arm-cpu", BOARDS, IN_MEMORY, None),
    ("arm-cpu-v8", ("edge_rolm_jetson_nano_pi4.csv",), None, "notes"),
]


def fit(arguments, name, files, where, best_of):
    target = os.path.join(HERE, "classes", name + ".yaml")
    command = [arguments.program, "fit", "--device", "class:" + name, "--json", "--quiet", "-o", target]
    for file in files:
        command += ["--measured", os.path.join(arguments.measured, file)]
    command += ["--where", where] if where else []
    command += ["--best-of", best_of] if best_of else []
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{name}: {run.stderr.strip()}")
    with open(target, encoding="utf-8") as file:
        text = file.read()
    with open(target, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: GPL-3.0-or-later\n"
                   "# fit_classes.py keeps what stands here and no row tells.\n" + text)
    return json.loads(run.stdout)


def told(groups, phase):
    group = groups.get(phase)
    return f"{100 * group['median_abs_error']:6.1f} %  ({group['n']:3d})" if group else " " * 15


def main():
    parser = argparse.ArgumentParser(description="Fits the classes of devices to measured rows.")
    parser.add_argument("--program", required=True, help="the qeilsim program")
    parser.add_argument("--measured", required=True, help="folder of the measured rows")
    parser.add_argument("classes", nargs="*", help="only these")
    arguments = parser.parse_args()
    print(f"{'class':28s} {'rows':>5s}   left out: prefill (rows)  decode (rows)")
    for name, files, where, best_of in FITS:
        if arguments.classes and name not in arguments.classes:
            continue
        result = fit(arguments, name, files, where, best_of)
        groups = result["groups"]
        print(f"{name:28s} {result['rows']:5d}   {told(groups, 'prefill')}   "
              f"{told(groups, 'decode')}", flush=True)


if __name__ == "__main__":
    main()
