#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the examples of README.md and docs/*.md: run_examples.py PROGRAM SOURCE_FOLDER [PAGE...]

Each page gets a scratch folder, in which its fenced blocks are met in order:
  ```yaml    a block whose first line is "# NAME.yaml" becomes that file
  ```sh      each line that starts with `qeilsim ` or `build/bin/qeilsim ` runs with the program, a
             loop over it where it stands in one line (`for N in ...; do qeilsim ...; done`), each
             that starts with `python3 docs/` with this Python; `cat > NAME <<'EOF'` writes the
             lines up to EOF to that file, `python3 - > NAME <<'EOF'` what they print as a script;
             other lines are left alone
  ```python  runs as a script where all that it imports is there
Everything must exit with 0, and a line of `qeilsim` must leave stderr without "error". Examples on
Azure's traces need them in $QEILSIM_TRACES; they are skipped with a line where they are not there,
but where CI=true they are sought in ../shared/traces too and must run."""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)
HERE = re.compile(r"^(cat|python3 -) > (\S+) <<'EOF'\n(.*?)^EOF\n", re.DOTALL | re.MULTILINE)
OURS = ("qeilsim ", "build/bin/qeilsim ")
AZURE = "azure2023_AzureLLMInferenceTrace_conv.csv"
TIMEOUT_S = 300
CI = os.environ.get("CI") == "true"


def printed_by(script):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=True).stdout


class Page:
    """One page's examples, run in a folder of their own."""

    def __init__(self, program, source, folder):
        self.program, self.source, self.folder = os.path.abspath(program), source, folder
        self.ran = self.skipped = 0
        self.faults = []
        self.absent = set()  # files that skipped lines would have written
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="dumb", HOME=folder)
        self.environment["PATH"] = os.pathsep.join(
            (os.path.dirname(self.program), "/usr/bin", "/bin"))
        self.environment.pop("QEILSIM_DATA", None)
        shared = os.path.join(source, "..", "shared", "traces")
        if CI and "QEILSIM_TRACES" not in os.environ and os.path.isdir(shared):
            self.environment["QEILSIM_TRACES"] = os.path.abspath(shared)

    def has_azure(self):
        return os.path.exists(os.path.join(self.environment.get("QEILSIM_TRACES", ""), AZURE))

    def run(self, shown, command, shell=False):
        try:
            done = subprocess.run(command, cwd=self.folder, env=self.environment, shell=shell,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            self.faults.append(f"{shown}\n  still runs after {TIMEOUT_S} s")
            return
        self.ran += 1
        if done.returncode != 0 or "error:" in done.stderr:
            self.faults.append(f"{shown}\n  exit {done.returncode}: {done.stderr.strip()}")

    def skip(self, shown, why):
        self.skipped += 1
        print(f"skipped, {why}: {shown}")

    def shell_line(self, line):
        if self.absent.intersection(line.split()):
            self.skip(line, "what it reads was not made")
        elif line.startswith("python3 docs/"):
            rest = line[len("python3 docs/"):]
            if importlib.util.find_spec("h5py") or CI:
                self.run(line, f"{sys.executable} {self.source}/docs/{rest}", True)
            else:
                self.skip(line, "h5py is not there")
        elif not line.startswith(OURS) and not (line.startswith("for ") and "do qeilsim " in line):
            return
        elif "azure" in line and not self.has_azure() and not CI:
            self.absent.update(re.findall(r"-o (\S+)", line))
            self.skip(line, f"{AZURE} is not in $QEILSIM_TRACES")
        else:
            self.run(line, line.removeprefix("build/bin/"), True)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def block(self, language, text):
        name = re.match(r"# (\S+\.yaml)\n", text)
        if language == "yaml" and name:
            self.write(name[1], text)
        elif language == "sh":
            for writer, path, lines in HERE.findall(text):
                self.write(path, lines if writer == "cat" else printed_by(lines))
            for line in HERE.sub("", text).replace("\\\n", " ").splitlines():
                self.shell_line(line.strip())
        elif language == "python":
            absent = [module for module in IMPORT.findall(text)
                      if not importlib.util.find_spec(module)]
            if absent:
                self.skip(text.splitlines()[0] + " ...", f"{', '.join(absent)} not there")
            else:
                self.run(text, [sys.executable, "-c", text])


def main():
    program, source, *pages = sys.argv[1:]
    source = os.path.abspath(source)
    if not pages:
        docs = os.path.join(source, "docs")
        pages = [os.path.join(source, "README.md")] + sorted(
            os.path.join(docs, name) for name in os.listdir(docs) if name.endswith(".md"))
    faults = 0
    for path in pages:
        with tempfile.TemporaryDirectory(prefix="qeilsim-examples-") as folder:
            page = Page(program, source, folder)
            with open(path, encoding="utf-8") as file:
                for language, text in BLOCK.findall(file.read()):
                    page.block(language, text)
        faults += len(page.faults)
        print(f"{os.path.relpath(path, source)}: {page.ran} examples ran, {page.skipped} skipped")
        print("".join(f"FAILED {fault}\n" for fault in page.faults), end="")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
