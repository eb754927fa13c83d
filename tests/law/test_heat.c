/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heating and cooling runs of made-up machines whose networks and leakage are known: what is fitted
 * lies within its errors, throttling is seen where it is, and what goes wrong leaves a reason and
 * no readings. */
#include "base/memory.h"
#include "base/stream.h"
#include "devices/power.h"
#include "scenarios/calibrate_heat.h"
#include "scenarios/scenario.h"
#include "scenarios/thermal_chain.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <string.h>

static const double zero_K = 273.15;

/* A machine whose time runs when it is asked to spend some. */
struct machine {
    struct thermal_chain chain;
    struct device_leakage leakage;
    double ambient_K, rest_W, load_W; /* without leakage */
    double noise;                     /* of the draw's mean over half a second */
    double step_K;                    /* that the sensor tells temperatures in */
    double throttle_K;                /* from here on the load is a fifth less */
    double lost_s, stop_s;            /* when the sensor vanishes; when the user has enough */
    bool stands;                      /* the clock does */
    /* The state. */
    struct thermal_modes modes;
    struct stream stream;
    double time_s, sum_J, since_s;
    bool slow;
};

static const struct device_leakage leakage = {
    .reference_W = 3, .reference_K = 298.15, .threshold_V = 0.5, .swing = 1.5};

static struct machine made(uint64_t seed)
{
    struct machine machine = {.chain = {2, {30, 400}, {8, 4}, 0, 0},
                              .leakage = leakage,
                              .ambient_K = 296,
                              .rest_W = 12,
                              .load_W = 60,
                              .noise = 0.01,
                              .step_K = 1,
                              .throttle_K = INFINITY,
                              .lost_s = INFINITY,
                              .stop_s = INFINITY};
    machine.stream = stream_open(seed, STREAM_TEST, 0, 0);
    for (size_t i = 0; i < machine.chain.n; i++) {
        machine.chain.capacity_JpK[i] *= exp(stream_uniform(&machine.stream) - 0.5);
        machine.chain.conductance_WpK[i] *= exp(0.6 * (stream_uniform(&machine.stream) - 0.5));
    }
    thermal_modes_init(&machine.modes, &machine.chain);
    const double rise_K[THERMAL_NODES] = {6, 5};
    thermal_modes_set(&machine.modes, rise_K);
    return machine;
}

static double die_K(const struct machine *machine)
{
    return machine->ambient_K + thermal_modes_rise(&machine->modes, 0);
}

static double now_s(void *context)
{
    const struct machine *machine = context;
    return machine->time_s;
}

static bool spend(void *context, bool load, double s, double *rate)
{
    struct machine *machine = context;
    const double step_s = 0.05;
    double sum = 0, n = ceil(s / step_s);
    for (int i = 0; i < (int)n; i++) {
        machine->slow = die_K(machine) > machine->throttle_K || (machine->slow && load);
        double speed = !load ? 0 : machine->slow ? 0.8 : 1;
        double power_W = machine->rest_W + speed * machine->load_W +
                         device_leakage_W(&machine->leakage, die_K(machine), 1, 1);
        thermal_modes_step(&machine->modes, step_s, power_W);
        machine->sum_J += step_s * power_W;
        machine->time_s += machine->stands ? 0 : step_s;
        sum += speed;
    }
    *rate = 1e11 * sum / n;
    return machine->time_s < machine->stop_s;
}

static double noise(struct machine *machine)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += stream_uniform(&machine->stream) - 0.5;
    return sum;
}

static const char *read_it(void *context, double *power_W, double *K, double *clock_Hz)
{
    struct machine *machine = context;
    double s = machine->time_s - machine->since_s;
    *power_W = s > 0 ? machine->sum_J / s * (1 + machine->noise * noise(machine)) : NAN;
    *K = zero_K + floor((die_K(machine) - zero_K) / machine->step_K) * machine->step_K;
    *clock_Hz = NAN;
    machine->sum_J = 0;
    machine->since_s = machine->time_s;
    return machine->time_s >= machine->lost_s ? "the sensor cannot be read any more" : NULL;
}

static bool run_it(struct machine *machine, double most_s, double most_K,
                   struct calibrate_heat *out)
{
    const struct calibrate_heat_ask ask = {10, most_s, most_K};
    const struct calibrate_heater heater = {now_s, spend, read_it, machine};
    bool ok = calibrate_heat(&ask, &heater, out);
    out->sensors = mem_strdup("a made-up meter");
    return ok;
}

/* The draw at rest, as a calibration measures it before. */
static struct calibrate_draw draw_of(const struct machine *machine)
{
    static char sensors[] = "a made-up meter";
    double idle_K = die_K(machine);
    return (struct calibrate_draw){.sensors = sensors,
                                   .idle_K = idle_K,
                                   .idle_W = machine->rest_W +
                                             device_leakage_W(&machine->leakage, idle_K, 1, 1)};
}

/* How often the truth lies within two standard errors of what was fitted. */
struct found {
    size_t runs, resistance, leakage, leaks, times, identified;
    double worst_R, worst_leak;
};

static void count(const struct machine *machine, const struct scenario_heat *heat,
                  struct found *found)
{
    double R = 0;
    for (size_t i = 0; i < machine->chain.n; i++)
        R += 1 / machine->chain.conductance_WpK[i];
    double off = log(heat->resistance_KpW / R);
    found->runs++;
    found->resistance += fabs(off) < 2 * heat->resistance_error;
    found->worst_R = fmax(found->worst_R, fabs(off));
    for (size_t m = 0; m < heat->nodes && m < machine->chain.n; m++) {
        double time = log(heat->time_constant_s[m] * machine->modes.rate_ps[m]);
        found->identified += heat->identified[m];
        found->times += heat->identified[m] && fabs(time) < 2 * heat->time_error[m];
    }
    if (!isfinite(heat->leakage_W))
        return;
    double leak = heat->leakage_W - machine->leakage.reference_W;
    found->leaks++;
    found->leakage += fabs(leak) < 2 * heat->leakage_error_W;
    found->worst_leak = fmax(found->worst_leak, fabs(leak) / machine->leakage.reference_W);
}

static void test_known(void)
{
    enum { RUNS = 12 };
    struct found found = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct machine machine = made(seed);
        struct calibrate_draw draw = draw_of(&machine);
        struct calibrate_heat run;
        struct scenario_heat heat;
        CHECK(run_it(&machine, 300, INFINITY, &run) && !run.why && !run.limited);
        CHECK(run.up_s > 60 && run.up_s <= 301 && run.down_s >= 60);
        scenario_heat_fit(&run, &leakage, &draw, "box", &heat);
        if (CHECK(heat.told && !heat.why))
            count(&machine, &heat, &found);
        CHECK(isnan(heat.throttle.die_K) && heat.rmse_K < 1);
        CHECK(heat.log.logs.n_rows == 1 && heat.log.readings.n_rows == run.n);
        scenario_heat_free(&heat);
        calibrate_heat_free(&run);
    }
    bool good = found.resistance * 10 >= found.runs * 8 && found.worst_R < 0.25 &&
                found.times * 10 >= found.identified * 8 && found.identified >= RUNS &&
                found.leaks >= RUNS - 4 && found.leakage * 10 >= found.leaks * 8;
    if (!CHECK(good))
        fprintf(stderr,
                "    of %zu: resistance %zu (worst %.3f), times %zu of %zu, leakage %zu of "
                "%zu (worst %.2f)\n",
                found.runs, found.resistance, found.worst_R, found.times, found.identified,
                found.leakage, found.leaks, found.worst_leak);
}

/* The network and the leakage stand in the device with where they come from; what is left to the
 * relative is told. */
static void test_put(void)
{
    struct error err = {0};
    struct machine machine = made(3);
    struct calibrate_draw draw = draw_of(&machine);
    struct calibrate_heat run;
    struct scenario_heat heat;
    struct device device;
    struct tree *tree = scenario_find("device", "ryzen-9-9950x", NULL, NULL, &err);
    char *prior = mem_strdup("leakage, heat and voltage: as a relative");
    CHECK(run_it(&machine, 120, INFINITY, &run));
    scenario_heat_fit(&run, &leakage, &draw, "box", &heat);
    CHECK(heat.told && isfinite(heat.leakage_W));
    scenario_heat_put(tree, &run, &heat, &prior);
    CHECK_TEXT(prior, "voltage: as a relative");
    const struct tree *sources = tree_get(tree, "sources");
    CHECK_TEXT(tree_get_text(tree_get(sources, "thermal.nodes"), "kind"), "fitted");
    CHECK_TEXT(tree_get_text(tree_get(sources, "power.leakage.reference_W"), "kind"), "fitted");
    if (CHECK(device_read(tree, &device, &err))) {
        double R = 1 / device.thermal.node[device.thermal.n_nodes - 1].ambient_WpK;
        for (size_t i = 0; i < device.thermal.n_couplings; i++)
            R += 1 / device.thermal.coupling[i].conductance_WpK;
        CHECK_NEAR(R, heat.resistance_KpW, 1e-3);
        CHECK(device.thermal.n_nodes == heat.nodes && device.thermal.throttle_K > 0);
        device.sources = NULL;
        device_free(&device);
    }
    free(prior);
    tree_free(tree);
    scenario_heat_free(&heat);
    calibrate_heat_free(&run);
}

/* A load that is a fifth less from 45 C on, and one that slows down while it is cool. */
static void test_throttle(void)
{
    struct calibrate_heat run;
    struct calibrate_throttle seen;
    struct machine machine = made(4);
    machine.throttle_K = zero_K + 45;
    CHECK(run_it(&machine, 120, INFINITY, &run));
    seen = calibrate_heat_throttle(&run);
    CHECK(fabs(seen.die_K - zero_K - 45) <= 2 && fabs(seen.fall - 0.2) < 0.02 && !seen.clock);
    for (size_t i = 0; i < run.n; i++)
        run.reading[i].die_K = 300;
    CHECK(isnan(calibrate_heat_throttle(&run).die_K));
    calibrate_heat_free(&run);
}

/* Beyond the limit the load ends, and what was seen is fitted to. */
static void test_limit(void)
{
    struct machine machine = made(5);
    struct calibrate_heat run;
    double most_K = 0, limit_K = die_K(&machine) + 12;
    CHECK(run_it(&machine, 300, limit_K, &run) && run.limited && !run.why);
    for (size_t i = 0; i < run.n; i++)
        most_K = fmax(most_K, run.reading[i].die_K);
    CHECK(most_K > limit_K && most_K < limit_K + 3 && run.up_s < 200);
    CHECK(run.reading[run.n - 1].phase == CALIBRATE_HEAT_DOWN && run.down_s >= 20);
    calibrate_heat_free(&run);
}

/* No readings and no network are left, but the reason. */
static void check_reason(struct machine *machine, bool ok, const char *why)
{
    struct calibrate_draw draw = draw_of(machine);
    struct calibrate_heat run;
    struct scenario_heat heat;
    char *prior = mem_strdup("leakage, heat and voltage: as a relative");
    CHECK(run_it(machine, 120, INFINITY, &run) == ok);
    CHECK(run.n == 0);
    CHECK_TEXT(run.why, why);
    CHECK(isnan(calibrate_heat_throttle(&run).die_K));
    scenario_heat_fit(&run, &leakage, &draw, "box", &heat);
    CHECK(!heat.told && isnan(heat.leakage_W) && heat.log.readings.n_rows == 0);
    CHECK_TEXT(heat.why, why);
    scenario_heat_put(NULL, &run, &heat, &prior);
    CHECK_TEXT(prior, "leakage, heat and voltage: as a relative");
    free(prior);
    scenario_heat_free(&heat);
    calibrate_heat_free(&run);
}

static void test_failed(void)
{
    static const double when_s[] = {5, 50, 170};
    for (size_t i = 0; i < sizeof when_s / sizeof *when_s; i++) {
        struct machine lost = made(6), stopped = made(6);
        lost.lost_s = stopped.stop_s = when_s[i];
        check_reason(&lost, true, "the sensor cannot be read any more");
        check_reason(&stopped, false, "the run was stopped");
    }
    struct machine gone = made(6), stands = made(6);
    gone.lost_s = 0;
    check_reason(&gone, true, "the sensor cannot be read any more");
    stands.stands = true;
    check_reason(&stands, true, "the clock stands still");
}

/* A guest whose sensor tells the room's temperature, or a chip so well cooled that nothing shows.
 */
static void test_cool(void)
{
    struct machine machine = made(7);
    struct calibrate_draw draw = draw_of(&machine);
    struct calibrate_heat run;
    struct scenario_heat heat;
    machine.step_K = 1000;
    CHECK(run_it(&machine, 60, INFINITY, &run) && run.n > 0);
    scenario_heat_fit(&run, &leakage, &draw, "box", &heat);
    CHECK(!heat.told && isnan(heat.leakage_W));
    CHECK_TEXT(heat.why, "the sensor is stuck");
    scenario_heat_free(&heat);
    calibrate_heat_free(&run);
    machine = made(7);
    machine.load_W = 3;
    CHECK(run_it(&machine, 60, INFINITY, &run));
    scenario_heat_fit(&run, &leakage, &draw, "box", &heat);
    CHECK(!heat.told);
    CHECK_TEXT(heat.why, "the temperature rises by less than 5 K");
    scenario_heat_free(&heat);
    calibrate_heat_free(&run);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_known();
    test_put();
    test_throttle();
    test_limit();
    test_failed();
    test_cool();
    return check_result();
}
