#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that check_house.py finds each kind of fault."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_house  # noqa: E402

SPDX = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"


class House(unittest.TestCase):
    def faults(self, path, text):
        with tempfile.TemporaryDirectory() as top:
            os.makedirs(os.path.join(top, os.path.dirname(path)))
            with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                file.write(text)
            return list(check_house.file_faults(top, path))

    def assert_fault(self, path, body, part):
        faults = self.faults(path, SPDX + body)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(part, faults[0])

    def assert_fine(self, path, body):
        self.assertEqual(self.faults(path, SPDX + body), [])

    def test_licence(self):
        self.assertEqual(len(self.faults("base/a.c", "int x;\n")), 1)
        self.assertEqual(len(self.faults(".ci/tool", "#!/bin/sh\n")), 1)
        self.assertEqual(self.faults("base/note.md", "text\n"), [])

    def test_floors(self):
        self.assert_fault("analysis/a.c", '#include "sim/plan.h"\n', "higher floor")
        self.assert_fault("base/a.c", '#include "text.h"\n', "path from the top")
        self.assert_fine("sim/a.c", '#include "base/text.h"\n#include "version.h"\n')

    def test_schedulers(self):
        self.assert_fault("sim/schedulers/a.c", '#include "sim/schedulers/b.h"\n', "may not see")
        self.assert_fault("sim/schedulers/a.c", '#include "sim/plan.h"\n', "may not see")
        self.assert_fine("sim/schedulers/a.c", '#include "sim/schedulers/a.h"\n'
                         '#include "sim/schedulers/sched.h"\n#include "base/heap.h"\n')

    def test_hdf5(self):
        self.assert_fault("cli/a.c", "#include <hdf5.h>\n", "only scenarios/")
        self.assert_fine("scenarios/a.c", "#include <hdf5.h>\n#include <hdf5_hl.h>\n")

    def test_loud(self):
        for line in ('printf("x");', "exit(1);", 'fputs("x", stderr);', "abort ();"):
            self.assert_fault("sim/a.c", line + "\n", "neither prints nor exits")
            self.assert_fine("cli/a.c", line + "\n")
        self.assert_fine("sim/a.c", '/* exit(1) */ fprintf(out, "abort()"); // stderr\n')
        self.assert_fine("base/memory.c", "exit(1);\n")

    def test_sizes(self):
        body = "int f(int a,\n      int b)\n{\n" + "    a++;\n" * 76 + "    return a + b;\n}\n"
        self.assert_fault("sim/a.c", body, ":2: a function of 81 lines")
        self.assert_fine("sim/a.c", "int x;\n" + body.replace("    a++;\n", "", 1))
        self.assert_fault("sim/a.c", "int f(void);\n" * 600, "601 lines")


if __name__ == "__main__":
    unittest.main()
