#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests the runner of the command-line cases on a small stand-in for the program."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

STAND_IN = "#!/bin/sh\necho one; echo 'two [x]'; [ $# -eq 0 ] || { echo \"bad $1\" >&2; exit 2; }\n"


class Globs(unittest.TestCase):
    def test_lines(self):
        for globs, lines, want in (
                ([], [], True), ([], ["a"], False), (["a"], [], False), (["a*"], ["abc"], True),
                (["a?c"], ["abc"], True), (["[ab]"], ["a"], False), (["[ab]"], ["[ab]"], True),
                (["a.c"], ["abc"], False), (["..."], [], True), (["..."], ["a", "b"], True),
                (["...", "c"], ["a", "b", "c"], True), (["a", "...", "c"], ["a", "c"], True),
                (["a", "...", "c"], ["a", "c", "d"], False),
                (["...", "a", "...", "a"], ["a", "b"], False)):
            self.assertEqual(run.glob_matches(globs, lines), want, (globs, lines))


class Cases(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = os.path.join(folder.name, "program")
        self.case = os.path.join(folder.name, "case")
        os.mkdir(self.case)
        self.put("../program", STAND_IN)
        os.chmod(self.program, 0o755)

    def put(self, name, text):
        run.write(os.path.join(self.case, name), text)

    def code(self, *options, ci=""):
        command = [sys.executable, run.__file__, *options, "--program", self.program, self.case]
        return subprocess.run(command, capture_output=True, env=dict(os.environ, CI=ci),
                              check=False).returncode

    def passes(self, *options):
        return self.code(*options) == 0

    def test_exit_and_silence(self):
        self.put("cmd", '"$QEILSIM"\n')
        self.assertTrue(self.passes())
        self.put("exit", "3\n")
        self.assertFalse(self.passes())
        self.put("exit", "0\n")
        self.put("cmd", '"$QEILSIM"; echo noise >&2\n')
        self.assertFalse(self.passes())
        self.put("stderr.glob", "no?s*\n")
        self.assertTrue(self.passes())

    def test_output_and_update(self):
        self.put("cmd", '"$QEILSIM" input && cat note\n')
        self.put("note", "copied\n")
        self.put("stdout.exact", "")
        self.put("stderr.exact", "")
        self.assertFalse(self.passes())
        self.assertTrue(self.passes("--update"))
        self.assertTrue(self.passes())
        self.assertEqual(run.read(os.path.join(self.case, "exit")), "2\n")
        self.assertEqual(run.read(os.path.join(self.case, "stderr.exact")), "bad input\n")
        self.put("cmd", '"$QEILSIM" && cat note\n')
        self.assertFalse(self.passes())
        self.assertTrue(self.passes("--update"))
        self.assertFalse(os.path.exists(os.path.join(self.case, "exit")))
        self.assertEqual(run.read(os.path.join(self.case, "stdout.exact")),
                         "one\ntwo [x]\ncopied\n")

    def test_skip(self):
        self.put("cmd", "echo 'needs more'; exit 77\n")
        self.assertEqual(self.code(), 77)
        self.assertEqual(self.code(ci="true"), 1)


if __name__ == "__main__":
    unittest.main()
