#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of what sim/schedulers/comparison.py computes itself."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sim",
                                "schedulers"))
import comparison  # noqa: E402
from instances import instance  # noqa: E402


class Statistics(unittest.TestCase):
    def test_attainment(self):
        found = {"1": [(0, 4), (2, 1)], "2": [(1, 3), (3, 0)]}
        self.assertEqual(comparison.attained(found, 1), [(1, 4), (2, 3), (3, 1)])
        self.assertEqual(comparison.attained(found, 0.5), [(0, 4), (1, 3), (2, 1), (3, 0)])

    def test_reached(self):
        curve = {10: [0.1, 0.2, 0.3], 20: [0.5, 0.6, 0.9]}
        self.assertEqual(comparison.reached_at(curve, 0.6), 20)
        self.assertIsNone(comparison.reached_at(curve, 0.7))


class Instances(unittest.TestCase):
    def test_known(self):
        lines = instance(6).splitlines()
        self.assertEqual(lines[3], "  - {latency: [11, 14, 47], energy: [69, 45, 8]}")
        self.assertEqual(lines[8], "  - {latency: [20, 33, 59], energy: [57, 32, 15]}")


if __name__ == "__main__":
    unittest.main()
