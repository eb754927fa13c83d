/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power limits: how a package is shared out, how long a burst lasts, what the average comes to. */
#include "sim/cap.h"

#include "devices/gear.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <math.h>

static void check_share(void)
{
    /* Max-min: who wants little gets it, the others alike. */
    struct sim_cap_member equal[] = {{5, 10, 0, 0}, {5, 40, 0, 0}, {5, 80, 0, 0}};
    sim_cap_share(equal, 3, 60);
    CHECK_NEAR(equal[0].share_W, 10, 1e-12);
    CHECK_NEAR(equal[1].share_W, 25, 1e-12);
    CHECK_NEAR(equal[2].share_W, 25, 1e-12);
    /* By rank: the first is served whole, the second gets what is left, the third its rest. */
    struct sim_cap_member ranked[] = {{5, 80, 2, 0}, {5, 30, 0, 0}, {5, 30, 1, 0}};
    sim_cap_share(ranked, 3, 60);
    CHECK_NEAR(ranked[0].share_W, 5, 1e-12);
    CHECK_NEAR(ranked[1].share_W, 30, 1e-12);
    CHECK_NEAR(ranked[2].share_W, 25, 1e-12);
    /* Enough for all, and not even enough to rest. */
    struct sim_cap_member rich[] = {{5, 10, 0, 0}, {5, 40, 1, 0}};
    sim_cap_share(rich, 2, 100);
    CHECK(rich[0].share_W == 10 && rich[1].share_W == 40);
    struct sim_cap_member poor[] = {{5, 10, 0, 0}, {5, 40, 1, 0}};
    sim_cap_share(poor, 2, 8);
    CHECK(poor[0].share_W == 5 && poor[1].share_W == 5);
}

static void check_gears(void)
{
    struct device device =
        machine_device("name: d\nkind: gpu\nclass: test\npool: p\n"
                       "compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 4}], "
                       "efficiency: 0.5}\nmemory: {bandwidth_GBps: 100, efficiency: 0.8}\n"
                       "overheads: {operator_us: 5, pass_us: 50}\n"
                       "clocks: {nominal_GHz: 1, nominal_V: 1, pstates: [{clock_GHz: 1.2, "
                       "voltage_V: 1.1}, {clock_GHz: 1, voltage_V: 1}, {clock_GHz: 0.4, "
                       "voltage_V: 0.7}]}\npower: {idle_W: 10, idle_C: 40, active_W: 8, "
                       "pJ_per_FLOP: 4, pJ_per_byte: 50, leakage: {reference_W: 1}}\n"
                       "thermal: {throttle_C: 140, limit_C: 150, nodes: [{name: die, "
                       "capacity_J_per_K: 5, ambient_W_per_K: 1}]}\n");
    CHECK(device_gears(&device) == 2 * DEVICE_GEARS + 1);
    for (size_t g = 0; g < device_gears(&device); g++) {
        double share = (double)(g % DEVICE_GEARS) / DEVICE_GEARS;
        double clock[] = {1.2 - 0.2 * share, 1 - 0.6 * share, 0.4};
        double voltage[] = {1.1 - 0.1 * share, 1 - 0.3 * share, 0.7};
        CHECK_NEAR(device_gear_clock(&device, g), clock[g / DEVICE_GEARS], 1e-12);
        CHECK_NEAR(device_gear_voltage(&device, g), voltage[g / DEVICE_GEARS], 1e-12);
        CHECK(g == 0 || device_gear_busy_W(&device, g) < device_gear_busy_W(&device, g - 1));
    }
    device_free(&device);
}

/* A device that wants about 130 W of arithmetic and may draw 60 W. */
static const char box[] =
    "name: box\nambient_C: 25\ndevices:\n  - name: a\n    kind: gpu\n    class: test\n    pool: p\n"
    "    compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 4}], efficiency: 0.5, "
    "vector_rows: 8, tile_rows: 1, overlap_p: 2}\n"
    "    attention: {efficiency: 0.5, kv_efficiency: 0.8, mixed_kv_efficiency: 0.6}\n"
    "    memory: {bandwidth_GBps: 100, efficiency: 0.8}\n"
    "    overheads: {operator_us: 0, pass_us: 0}\n"
    "    clocks: {nominal_GHz: 2, nominal_V: 1, pstates: [{clock_GHz: 2, voltage_V: 1}, "
    "{clock_GHz: 1.2, voltage_V: 0.8}, {clock_GHz: 0.4, voltage_V: 0.7}]}\n"
    "    power: {idle_W: 10, idle_C: 25, active_W: 120, pJ_per_FLOP: 0, pJ_per_byte: 0, cap_W: 60, "
    "cap_window_s: %g, leakage: {reference_W: 0}}\n"
    "    thermal: {throttle_C: 140, limit_C: 150, nodes: [{name: die, capacity_J_per_K: 50, "
    "ambient_W_per_K: 10}]}\n"
    "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

/* Power over time, as a list of periods of 1 ms. */
enum { MOST_PERIODS = 20000 };
struct record {
    double power_W[MOST_PERIODS], clock[MOST_PERIODS];
    size_t n;
};

static void keep(void *state, const struct sim_sample_row *row)
{
    struct record *record = state;
    if (record->n == MOST_PERIODS)
        return;
    record->power_W[record->n] = row->power_W;
    record->clock[record->n++] = row->clock;
}

static struct sim_summary serve(double window_s, struct record *record, const char *workload)
{
    char text[2000];
    struct served s;
    struct error err;
    struct sim_summary out;
    struct sim_options options = {.series_period_s = 0.001,
                                  .sink = {.state = record, .sample = keep}};
    snprintf(text, sizeof text, box, window_s);
    served_open(&s, text, SERVED_MODEL(2), served_default);
    record->n = 0;
    if (!CHECK(served_run(&s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    served_close(&s);
    return out;
}

#define STREAM                                                                                     \
    "generator: {requests: 400, rate_per_s: 1000000, cv: 0, seed: 3, prompt: {median: 3000, "      \
    "log_sigma: 0, min: 3000, max: 3000}, output: {median: 1, log_sigma: 0, min: 1, max: 1}}\n"

/* From the first request on the device asks for 130 W: it gets them until the average has come from
 * 10 to 60 W, after window ln(120/70), and then 60 W in a gear between two P-states. */
static void check_burst(double window_s)
{
    static struct record record;
    struct sim_summary out = serve(window_s, &record, STREAM);
    CHECK(out.done == 400 && !out.cap_unreachable);
    size_t fast = 0;
    while (fast < record.n && record.clock[fast] > 0.999)
        fast++;
    CHECK_NEAR(1e-3 * (double)fast, window_s * log(120.0 / 70.0), 2e-3 / window_s);
    CHECK_NEAR(record.power_W[fast / 2], 130, 1e-9);
    double average_W = 10, most_W = 0, after_J = 0;
    for (size_t i = 0; i < record.n; i++) {
        average_W += (record.power_W[i] - average_W) * -expm1(-1e-3 / window_s);
        most_W = fmax(most_W, average_W);
        after_J += i > fast && i + 10 < record.n ? record.power_W[i] * 1e-3 : 0;
    }
    double after_W = after_J / (1e-3 * (double)(record.n - fast - 11));
    CHECK(most_W < 60.5);
    CHECK(after_W <= 60 && after_W > 57);
    CHECK(record.clock[record.n / 2] < 1 && record.clock[record.n / 2] > 0.6);
}

static void check_per_pass(void)
{
    static struct record record;
    struct sim_summary out = serve(0, &record, STREAM), averaged;
    for (size_t i = 0; i + 1 < record.n; i++)
        CHECK(record.power_W[i] <= 60 + 1e-9);
    CHECK(record.clock[record.n / 2] < 0.61); /* the P-state below */
    averaged = serve(0.05, &record, STREAM);
    CHECK(averaged.makespan_s < out.makespan_s);
    /* A pause lets the average fall, so that each request finds room for a burst. */
    const char *apart =
        "generator: {requests: 20, rate_per_s: 2, cv: 0, seed: 3, prompt: {median: 2000, "
        "log_sigma: 0, min: 2000, max: 2000}, output: {median: 1, log_sigma: 0, min: 1, max: 1}}\n";
    double strict_s = serve(0, &record, apart).ttft_s.mean;
    double short_s = serve(1e-4, &record, apart).ttft_s.mean;
    double long_s = serve(10, &record, apart).ttft_s.mean;
    CHECK(long_s < short_s && short_s < strict_s);
    CHECK(strict_s / long_s > 1.5 && strict_s / long_s <= 1 / 0.6);
}

int main(void)
{
    check_share();
    check_gears();
    check_burst(0.05);
    check_burst(1);
    check_per_pass();
    return check_result();
}
