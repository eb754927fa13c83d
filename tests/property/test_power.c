/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power and heat over random devices and runs: load, voltage and warmth never lower the draw, a
 * limit holds or the clock is the slowest, energy adds up, cooler air never leaks more, and a
 * machine without power goes to the temperature of the air. */
#include "devices/draw.h"
#include "devices/thermal.h"

#include "tests/check.h"
#include "tests/support/machine.h"
#include "tests/support/random_device.h"

enum { CASES = 3000, MOST_NODES = 4 };

static const double slack = 1e-9; /* of rounding */

struct bench {
    uint64_t seed;
    struct random_parts parts;
    struct device device;
    struct device_pstate pstate[6];
    struct device_node node[MOST_NODES];
    struct device_coupling coupling[MOST_NODES];
    struct tree *tree;
    struct workload_model model;
    struct device_forward forward;
};

static char node_names[MOST_NODES][10] = {"die", "spreader", "cooler", "case"};
static char device_name[] = "device", box_name[] = "box";

static void expect_least(const struct bench *bench, double got, double least, const char *what)
{
    if (!CHECK(got >= least - slack * (fabs(least) + fabs(got))))
        fprintf(stderr, "    seed %llu: %s: %.12g against %.12g\n", (unsigned long long)bench->seed,
                what, got, least);
}

/* Ever slower states whose voltage never rises, the nominal one of them or between two. */
static void draw_clocks(struct bench *bench, struct stream *stream)
{
    struct device_clocks *clocks = &bench->device.clocks;
    double clock_Hz = random_between(stream, 5e8, 5e9),
           voltage_V = random_between(stream, 0.6, 1.3);
    clocks->pstate = bench->pstate;
    clocks->n_pstates = stream_below(stream, 7);
    clocks->nominal_Hz = clock_Hz * random_between(stream, 0.7, 1);
    clocks->nominal_V = voltage_V * random_between(stream, 0.8, 1);
    for (size_t i = 0; i < clocks->n_pstates; i++) {
        bench->pstate[i] = (struct device_pstate){clock_Hz, voltage_V};
        clock_Hz *= random_between(stream, 0.6, 0.97);
        voltage_V *= stream_below(stream, 3) ? random_between(stream, 0.8, 1) : 1;
    }
}

static void draw_power(struct bench *bench, struct stream *stream)
{
    struct device_power *power = &bench->device.power;
    power->leakage = (struct device_leakage){.reference_W = random_or_none(stream, 0.05, 60),
                                             .reference_K = 350,
                                             .voltage_per_V = random_between(stream, 0.5, 4),
                                             .threshold_V = random_between(stream, 0.1, 0.5),
                                             .swing = random_between(stream, 1, 1.8)};
    power->idle_K = 300 + stream_below(stream, 30);
    power->idle_W =
        random_between(stream, 0.05, 60) + device_leakage_W(&power->leakage, power->idle_K, 1, 1);
    power->active_W = random_between(stream, 0.1, 300);
    power->flop_J = random_between(stream, 1e-13, 1e-10);
    power->byte_J = random_between(stream, 1e-11, 1e-9);
}

/* A chain from die to air; some of its nodes have a way to the air of their own. */
static void draw_heat(struct bench *bench, struct stream *stream)
{
    struct device_thermal_spec *thermal = &bench->device.thermal;
    size_t n = 1 + stream_below(stream, MOST_NODES);
    *thermal = (struct device_thermal_spec){
        .node = bench->node, .n_nodes = n, .coupling = bench->coupling, .n_couplings = n - 1};
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n;
        bench->node[i] = (struct device_node){node_names[i], random_between(stream, 0.5, 2000),
                                              last ? random_between(stream, 0.05, 20)
                                                   : random_or_none(stream, 0.001, 0.5)};
        if (!last)
            bench->coupling[i] = (struct device_coupling){node_names[i], node_names[i + 1],
                                                          random_between(stream, 0.2, 50)};
    }
}

static void open_bench(struct bench *bench, struct stream *stream)
{
    struct error err = {0};
    char text[400];
    snprintf(text, sizeof text,
             "name: random\nnum_hidden_layers: %u\nhidden_size: %u\nintermediate_size: 2048\n"
             "num_attention_heads: 8\nhead_dim: 32\nvocab_size: 2048\n"
             "max_position_embeddings: 4096\nquant: %s\n",
             1 + stream_below(stream, 4), 256u << stream_below(stream, 3),
             stream_below(stream, 2) ? "F16" : "Q4_0");
    bench->device = random_speed(stream, &bench->parts);
    bench->device.name = device_name;
    draw_clocks(bench, stream);
    draw_power(bench, stream);
    draw_heat(bench, stream);
    bench->tree = machine_parse(text);
    if (!workload_model_read(bench->tree, &bench->model, &err))
        machine_fail(&err, text);
    device_forward_init(&bench->forward, &bench->model);
}

static void close_bench(struct bench *bench)
{
    device_forward_free(&bench->forward);
    workload_model_free(&bench->model);
    tree_free(bench->tree);
}

static double slowest(const struct bench *bench)
{
    return device_relative_clock(&bench->device, device_pstates(&bench->device) - 1);
}

static double leakage_at(const struct bench *bench, double clock, double die_K)
{
    const struct device_clocks *clocks = &bench->device.clocks;
    return device_leakage_W(&bench->device.power.leakage, die_K,
                            device_voltage_at(&bench->device, clock) * clocks->nominal_V,
                            clocks->nominal_V);
}

/* A clock between the slowest and the fastest state. */
static double draw_clock(const struct bench *bench, struct stream *stream)
{
    double fast = device_relative_clock(&bench->device, 0);
    return slowest(bench) + (fast - slowest(bench)) * stream_uniform(stream);
}

/* Phi = 1 - P_leak/P. */
static void check_yield(const struct bench *bench, const struct device_spent *spent, double clock,
                        double die_K)
{
    double power_W = device_draw_W(&bench->device, spent, clock, die_K);
    double yield = 1 - leakage_at(bench, clock, die_K) / power_W;
    if (!CHECK(yield > 0 && yield <= 1))
        fprintf(stderr, "    seed %llu: yield %.12g\n", (unsigned long long)bench->seed, yield);
}

/* More work in the same time, a faster clock, a warmer die: none lowers the draw, and no draw is
 * below base plus leakage. */
static void check_draw(const struct bench *bench, struct stream *stream)
{
    struct device_spent spent = {.time_s = random_between(stream, 1e-3, 1e3)};
    double clock = draw_clock(bench, stream), die_K = 280 + 90 * stream_uniform(stream), before_W;
    double floor_W = device_base_W(&bench->device) + leakage_at(bench, clock, die_K);
    before_W = device_draw_W(&bench->device, &spent, clock, die_K);
    expect_least(bench, before_W, floor_W, "busy without counts");
    for (int i = 0; i < 4; i++) {
        spent.flops += random_or_none(stream, 1e6, 1e15);
        spent.bytes += random_or_none(stream, 1e6, 1e14);
        double power_W = device_draw_W(&bench->device, &spent, clock, die_K);
        expect_least(bench, power_W, before_W, "more work");
        before_W = power_W;
    }
    check_yield(bench, &spent, clock, die_K);
    double faster = fmax(clock, draw_clock(bench, stream));
    expect_least(bench, device_draw_W(&bench->device, &spent, faster, die_K), before_W, "clock");
    expect_least(
        bench, before_W,
        device_draw_W(&bench->device, &spent, clock, die_K - random_between(stream, 1, 60)),
        "a cooler die");
}

static struct device_run draw_run(const struct bench *bench, struct stream *stream)
{
    return (struct device_run){.batch = 1 + stream_below(stream, 8),
                               .depth = stream_below(stream, 1000),
                               .tokens = 1 + stream_below(stream, 400),
                               .ubatch = 64 + stream_below(stream, 512),
                               .clock = device_relative_clock(&bench->device, 0)};
}

/* The draw keeps to the limit, or the clock is the slowest; a lower limit never makes a run faster,
 * and one that does not bind changes nothing. */
static void check_cap(const struct bench *bench, struct stream *stream)
{
    struct device_run run = draw_run(bench, stream);
    bool prefill = stream_below(stream, 2);
    double die_K = 300 + 60 * stream_uniform(stream), clock;
    struct device_spent free_run =
        device_capped_run(&bench->device, &bench->forward, &run, prefill, 0, die_K, &clock);
    double full_W = device_draw_W(&bench->device, &free_run, clock, die_K);
    CHECK(clock == run.clock);
    double before_s = free_run.time_s, cap_W = full_W * 1.1;
    for (int i = 0; i < 11; i++, cap_W *= 0.75) {
        struct device_spent spent =
            device_capped_run(&bench->device, &bench->forward, &run, prefill, cap_W, die_K, &clock);
        double power_W = device_draw_W(&bench->device, &spent, clock, die_K);
        bool at_slowest = clock <= slowest(bench) * (1 + slack);
        if (!at_slowest)
            expect_least(bench, cap_W, power_W, "power limit");
        expect_least(bench, power_W,
                     device_base_W(&bench->device) + leakage_at(bench, clock, die_K), "base");
        expect_least(bench, spent.time_s, before_s, "time under a lower limit");
        if (cap_W >= full_W)
            CHECK_NEAR(spent.time_s, free_run.time_s, 1e-15);
        before_s = spent.time_s;
    }
}

/* At one temperature and clock the energy of two runs, one after the other, is the sum of both. */
static void check_sum(const struct bench *bench, struct stream *stream)
{
    struct device_run run = draw_run(bench, stream);
    run.clock = draw_clock(bench, stream);
    struct device_spent part[2] = {device_prefill(&bench->device, &bench->forward, &run),
                                   device_decode(&bench->device, &bench->forward, &run)};
    struct device_spent whole = {.time_s = part[0].time_s + part[1].time_s,
                                 .flops = part[0].flops + part[1].flops,
                                 .bytes = part[0].bytes + part[1].bytes};
    double die_K = 300 + 60 * stream_uniform(stream), sum_J = 0;
    for (size_t i = 0; i < 2; i++)
        sum_J += part[i].time_s * device_draw_W(&bench->device, &part[i], run.clock, die_K);
    CHECK_NEAR(whole.time_s * device_draw_W(&bench->device, &whole, run.clock, die_K), sum_J,
               1e-12);
}

/* Joules that leak while the same watts flow for the same time, from the temperature of the air. */
static double leaked_J(const struct bench *bench, double ambient_K, double power_W, double time_s)
{
    struct device device = bench->device;
    struct device_platform platform = {
        .name = box_name, .ambient_K = ambient_K, .device = &device, .n_devices = 1};
    struct device_thermal *thermal = device_thermal_create(&platform);
    double leakage_J = 0, peak_K = 0;
    device_thermal_set(thermal, 0, true, 1);
    device_thermal_step(thermal, time_s, &power_W, &leakage_J, &peak_K);
    device_thermal_destroy(thermal);
    return leakage_J;
}

static void check_air(const struct bench *bench, struct stream *stream)
{
    double warm_K = 285 + 30 * stream_uniform(stream), power_W = random_between(stream, 0.1, 20);
    double time_s = random_between(stream, 0.1, 300);
    expect_least(bench, leaked_J(bench, warm_K, power_W, time_s),
                 leaked_J(bench, warm_K - random_between(stream, 0.5, 25), power_W, time_s),
                 "leakage in cooler air");
}

/* Switched off, the hottest node only cools, the coldest only warms, and all end at the air's. */
static void check_rest(const struct bench *bench, struct stream *stream)
{
    struct device device = bench->device;
    struct device_platform platform = {
        .name = box_name, .ambient_K = 298.15, .device = &device, .n_devices = 1};
    struct device_thermal *thermal = device_thermal_create(&platform);
    double start_K[MOST_NODES], none_W = 0, leakage_J = 0, peak_K = 0, before_K = 0;
    size_t n = device_thermal_nodes(thermal);
    for (size_t i = 0; i < n; i++) {
        start_K[i] = 260 + 130 * stream_uniform(stream);
        before_K = fmax(before_K, fabs(start_K[i] - platform.ambient_K));
    }
    device_thermal_set(thermal, 0, false, 0);
    device_thermal_set_temperatures(thermal, start_K);
    double dt_s = 0.1;
    for (int step = 0; step < 15; step++, dt_s *= 4) {
        double far_K = 0;
        device_thermal_step(thermal, dt_s, &none_W, &leakage_J, &peak_K);
        for (size_t i = 0; i < n; i++)
            far_K = fmax(far_K, fabs(device_thermal_node_K(thermal, i) - platform.ambient_K));
        expect_least(bench, before_K + 1e-9, far_K, "distance to the air");
        before_K = far_K;
    }
    CHECK(before_K < 1e-6 && leakage_J == 0);
    device_thermal_destroy(thermal);
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t last = argc > 1 ? first : CASES;
    for (uint64_t seed = first; seed <= last; seed++) {
        struct stream stream = stream_open(seed, STREAM_TEST, 0, 8);
        struct bench bench = {.seed = seed};
        open_bench(&bench, &stream);
        check_draw(&bench, &stream);
        check_cap(&bench, &stream);
        check_sum(&bench, &stream);
        check_air(&bench, &stream);
        check_rest(&bench, &stream);
        close_bench(&bench);
    }
    return check_result();
}
