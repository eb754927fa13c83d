/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The meter's word on leakage: what it tells of another gear is what leaks in that one. */
#include "sim/meter.h"

#include "devices/gear.h"
#include "tests/check.h"
#include "tests/support/random_scenario.h"

static void check_leakage(const struct random_scenario *s, struct sim_meter *meter, size_t d)
{
    const struct device *device = &s->platform.device[d];
    for (size_t from = 0; from < device_gears(device); from += 5)
        for (size_t to = 0; to < device_gears(device); to += 5) {
            sim_meter_set_gear(meter, d, from, false);
            double told_W = sim_meter_leakage_W(meter, d, to);
            sim_meter_set_gear(meter, d, to, false);
            CHECK_NEAR(told_W, sim_meter_leakage_W(meter, d, to), 1e-12);
            if (to > from && sim_plan_powers(&s->system, &s->plan, d))
                CHECK(told_W <= sim_meter_leakage_W(meter, d, from));
        }
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct random_scenario s;
        struct error err = {0};
        struct sim_meter *meter;
        random_scenario_init(&s, seed);
        if (CHECK(sim_meter_create(&s.system, &s.plan, &meter, &err))) {
            for (size_t d = 0; d < s.system.n_devices; d++)
                check_leakage(&s, meter, d);
            sim_meter_destroy(meter);
        }
        random_scenario_free(&s);
    }
    return check_result();
}
