# SPDX-License-Identifier: GPL-3.0-or-later
"""A log of a die of 2 W/K on a cooler of 60 s, under power that comes and goes; one without
temperatures, and one of load alone."""
import math

AMBIENT_C, DIE_KPW, COOLER_KPW, COOLER_S = 24.0, 0.5, 2.0, 60.0
print("log_id,device,elapsed_s,temperature_C,power_W,cpu_pct")
for log in ("power", "load", "none"):
    cooler_K = 10.0
    for i in range(400):
        share = 1 if i // 60 % 2 else 0.2 + 0.3 * (i // 15 % 2)
        power_W = 20 * share
        if i > 0:
            cooler_K += (COOLER_KPW * power_W - cooler_K) * -math.expm1(-2 / COOLER_S)
        temperature_C = AMBIENT_C + cooler_K + DIE_KPW * power_W
        print(log, "box", 2 * i, "" if log == "none" else f"{temperature_C:.1f}",
              f"{power_W:.2f}" if log == "power" else "", f"{100 * share:.0f}", sep=",")
