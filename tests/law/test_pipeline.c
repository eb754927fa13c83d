/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tandem of devices with several batches in flight. A step of a batch takes max(t, k c): t
 * seconds through all stages, k batches, c seconds on the slowest stage for one of them. With k c >
 * t the slowest stage never rests, and tokens leave at its rate. Stages whose time is fixed gain
 * nothing by more batches; where time grows with the rows, throughput comes to that of the slowest
 * stage. */
#include "sim/lane.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <math.h>

enum { STAGES = 3, IN_FLIGHT = 120, STEPS = 100 };

#define THREE(operator_us, tflops)                                                                 \
    STAGE("a", operator_us, tflops) STAGE("b", operator_us, tflops) STAGE("c", operator_us, tflops)
#define STAGE(name, operator_us, tflops)                                                           \
    "  - name: " name "\n    kind: gpu\n    class: test\n    pool: p\n"                            \
    "    compute: {peaks: [{name: f16, vector_TFLOPS: " tflops ", matrix_TFLOPS: " tflops          \
    "}], efficiency: 1, vector_rows: 0, tile_rows: 1, overlap_p: 8}\n"                             \
    "    memory: {bandwidth_GBps: 100, efficiency: 0.8}\n"                                         \
    "    overheads: {operator_us: " operator_us ", pass_us: 0}\n"                                  \
    "    clocks: {nominal_GHz: 1, nominal_V: 1}\n"                                                 \
    "    power: {idle_W: 10, idle_C: 40, active_W: 8, pJ_per_FLOP: 4, pJ_per_byte: 50, leakage: "  \
    "{reference_W: 1}}\n"                                                                          \
    "    thermal: {throttle_C: 140, limit_C: 150, nodes: [{name: die, capacity_J_per_K: 5, "       \
    "ambient_W_per_K: 1}]}\n"
#define BOX(devices)                                                                               \
    "name: box\nambient_C: 25\nsync_us: 0\ndevices:\n" devices                                     \
    "pools: [{name: p, capacity_GiB: 4, bandwidth_GBps: 1000}]\n"

static const char fixed[] = BOX(THREE("500", "100")), growing[] = BOX(THREE("0.1", "0.002"));

#define ALL_AT_ONCE                                                                                \
    "generator: {requests: 120, rate_per_s: 1e9, cv: 0, prompt: {median: 1, log_sigma: 0, min: "   \
    "1, max: 1}, output: {median: 100, log_sigma: 0, min: 100, max: 100}}\n"

/* Layers 2, 5 and 3 on the stages. */
static void open_tandem(struct served *s, const char *platform, uint64_t batches)
{
    struct sim_serving serving = served_default;
    serving.max_num_seqs = IN_FLIGHT;
    serving.pipeline_batches = batches;
    served_open(s, platform, SERVED_MODEL(10), serving);
    s->plan.in_flight = IN_FLIGHT;
    for (size_t u = 0; u < s->plan.n_units; u++)
        s->plan.prefill[u] = s->plan.decode[u] = u <= 4 ? 0 : u <= 14 ? 1 : 2;
}

/* What a batch takes through all stages, and on the slowest. */
static void stage_times(struct served *s, uint64_t rows, double *all_s, double *slowest_s)
{
    struct sim_lane *lane = sim_lane_create(&s->system, &s->plan, SIM_LANE_BOTH);
    struct sim_pass pass = {.decode_rows = rows,
                            .sampled = rows,
                            .contexts = {rows * STEPS / 2, rows},
                            .window = {rows * STEPS / 2, rows}};
    const uint16_t gear[STAGES] = {0};
    const struct sim_pass_cost *cost = sim_lane_price(lane, &pass, gear);
    *all_s = sim_steps_first(&pass.contexts, &pass.window, &cost->step_s);
    *slowest_s = 0;
    for (size_t d = 0; d < STAGES; d++) {
        struct sim_affine busy_s = {cost->device[d].time_s, cost->device[d].time_per_context_s,
                                    cost->device[d].time_per_window_s};
        *slowest_s = fmax(*slowest_s, sim_steps_first(&pass.contexts, &pass.window, &busy_s));
    }
    sim_lane_destroy(lane);
}

static double makespan_s(const char *platform, uint64_t batches, double *step_s)
{
    struct served s;
    struct error err;
    struct sim_summary out, slow;
    struct sim_options options = {0};
    double all_s, slowest_s;
    open_tandem(&s, platform, batches);
    uint64_t k = batches > 0 ? batches : 1;
    stage_times(&s, IN_FLIGHT / k, &all_s, &slowest_s);
    *step_s = fmax(all_s, (double)k * slowest_s);
    if (!served_run(&s, ALL_AT_ONCE, &options, &out, &err))
        machine_fail(&err, ALL_AT_ONCE);
    options.token_resolution = true;
    CHECK(served_run(&s, ALL_AT_ONCE, &options, &slow, &err));
    CHECK(out.done == IN_FLIGHT && slow.makespan_s == out.makespan_s && slow.passes == out.passes);
    CHECK_NEAR(slow.energy.total, out.energy.total, 1e-9);
    served_close(&s);
    return out.makespan_s;
}

static void check_law(const char *platform, uint64_t batches, double *took_s)
{
    double step_s;
    *took_s = makespan_s(platform, batches, &step_s);
    CHECK_NEAR(*took_s, STEPS * step_s, 0.03);
}

int main(void)
{
    enum { MOST = 4 };
    double fixed_s[MOST + 1], growing_s[MOST + 1], step_s;
    for (uint64_t k = 1; k <= MOST; k++) {
        check_law(fixed, k, &fixed_s[k]);
        check_law(growing, k, &growing_s[k]);
    }
    CHECK(fixed_s[4] > 1.9 * fixed_s[1]); /* four turns on the stage that has half of the layers */
    CHECK(growing_s[3] < 0.6 * growing_s[1]);
    /* Left to itself it takes what is faster. */
    CHECK(makespan_s(fixed, 0, &step_s) <= fixed_s[1] * 1.001);
    CHECK(makespan_s(growing, 0, &step_s) <= growing_s[3] * 1.001);
    return check_result();
}
