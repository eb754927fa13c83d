/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cap.h"

#include "base/memory.h"
#include "devices/gear.h"
#include "sim/engine_state.h"
#include "sim/share.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Once an average has reached its limit, no burst begins that would end after a smaller share of
 * the window: firmware does not hunt around its limit with every pass. And the least that counts
 * for anything. */
static const double LEAST_BURST = 0.125, LEAST_SPARE = 1e-4;

/* What one limit leaves a device. */
struct leash {
    double limit_W;  /* in the long run */
    double window_s; /* 0: it holds in every pass */
    double spare_s;  /* how long the device may draw what it asks for */
    bool *held;      /* it was kept to the limit last time */
};

static bool is_named(char *const *name, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name[i], wanted) == 0)
            return true;
    return false;
}

/* Raises the shares of one rank, max-min. Returns what no member of the rank needs. */
static double fill_rank(struct sim_cap_member *member, size_t n, size_t rank, double left_W)
{
    double need_W[SIM_MOST_DEVICES], rest_W = left_W;
    size_t of_rank = 0;
    for (size_t i = 0; i < n; i++)
        if (member[i].rank == rank && member[i].share_W < member[i].demand_W)
            need_W[of_rank++] = member[i].demand_W - member[i].share_W;
    double level_W = sim_share_level(need_W, of_rank, 0, left_W);
    for (size_t i = 0; i < n; i++) {
        double need = member[i].demand_W - member[i].share_W;
        if (member[i].rank != rank || need <= 0)
            continue;
        member[i].share_W = need <= level_W ? member[i].demand_W : member[i].share_W + level_W;
        rest_W -= fmin(need, level_W);
    }
    return isinf(level_W) ? rest_W : 0;
}

void sim_cap_share(struct sim_cap_member *member, size_t n, double limit_W)
{
    double left_W = limit_W;
    size_t ranks = 0;
    for (size_t i = 0; i < n; i++) {
        member[i].share_W = member[i].rest_W;
        left_W -= member[i].rest_W;
        ranks = member[i].rank >= ranks ? member[i].rank + 1 : ranks;
    }
    for (size_t rank = 0; rank < ranks && left_W > 0; rank++)
        left_W = fill_rank(member, n, rank, left_W);
}

/* Power of a device in the worker's pass: while it works, or the mean over the pass when the
 * rest_s seconds in which it does not are given. */
static double pass_W(const struct sim_engine *engine, const struct sim_worker *worker, size_t d,
                     size_t gear, double rest_s)
{
    const struct device *device = &engine->system->platform->device[d];
    const struct sim_pass *pass = &worker->run.pass;
    struct device_cost cost = sim_lane_price_device(worker->lane, pass, d, gear);
    double n = (double)pass->contexts.sum, w = (double)pass->window.sum;
    double busy_s = cost.time_s + n * cost.time_per_context_s + w * cost.time_per_window_s;
    if (busy_s <= 0)
        return 0;
    double flops = cost.flops + n * cost.flops_per_context + w * cost.flops_per_window;
    double bytes = cost.bytes + n * cost.bytes_per_context + w * cost.bytes_per_window;
    double work_J =
        device_gear_busy_W(device, gear) * busy_s + device_gear_work_J(device, gear, flops, bytes);
    return device_base_W(device) + sim_meter_leakage_W(engine->meter, d, gear) +
           work_J / (busy_s + rest_s);
}

/* Seconds of the worker's pass in which a device does not work, all at the clocks that plan and
 * governor allow. */
static double rest_s(const struct sim_worker *worker, size_t d)
{
    const struct sim_pass *pass = &worker->run.pass;
    const struct sim_pass_cost *cost = sim_lane_price(worker->lane, pass, worker->run.gear);
    const struct device_cost *part = &cost->device[d];
    struct sim_affine busy_s = {part->time_s, part->time_per_context_s, part->time_per_window_s};
    return fmax(0, sim_steps_first(&pass->contexts, &pass->window, &cost->step_s) -
                       sim_steps_first(&pass->contexts, &pass->window, &busy_s));
}

/* What another member of the package draws: its idle power, or what its lane's run asks for. */
static double member_W(const struct sim_engine *engine, const struct sim_worker *worker, size_t d)
{
    double idle_W = engine->system->platform->device[d].power.idle_W;
    for (size_t i = 0; i < engine->n_workers; i++) {
        const struct sim_worker *other = &engine->worker[i];
        if (other != worker && other->run.active && other->run.demand_W[d] > 0)
            return other->run.demand_W[d];
    }
    return idle_W;
}

static size_t rank_of(const struct device_package *package, const char *name)
{
    size_t rank = 0;
    while (rank < package->n_priority && strcmp(package->priority[rank], name) != 0)
        rank++;
    return rank;
}

/* How long an average may rise under `power_W` before it is at its limit. */
static double spare_s(double average_W, double power_W, double limit_W, double window_s)
{
    if (power_W <= limit_W)
        return INFINITY;
    if (window_s <= 0 || average_W >= limit_W)
        return 0;
    return window_s * log((power_W - average_W) / (power_W - limit_W));
}

static struct leash package_leash(const struct sim_engine *engine, const struct sim_worker *worker,
                                  size_t d)
{
    const struct device_platform *platform = engine->system->platform;
    const struct device_package *package = &platform->package;
    struct sim_cap_member *member = engine->cap.member;
    double all_W = 0;
    size_t mine = 0;
    for (size_t i = 0; i < package->n_devices; i++) {
        size_t other = device_platform_find(platform, package->devices[i]);
        double demand_W = other == d ? worker->run.demand_W[d] : member_W(engine, worker, other);
        double idle_W = fmin(demand_W, platform->device[other].power.idle_W);
        member[i] = (struct sim_cap_member){
            .rest_W = idle_W, .demand_W = demand_W, .rank = rank_of(package, package->devices[i])};
        mine = other == d ? i : mine;
        all_W += demand_W;
    }
    sim_cap_share(member, package->n_devices, package->cap_W);
    double spare = spare_s(engine->cap.package_W, all_W, package->cap_W, package->cap_window_s);
    if (all_W <= package->cap_W)
        spare = INFINITY;
    return (struct leash){member[mine].share_W, package->cap_window_s, spare,
                          &engine->cap.held[engine->system->n_devices + d]};
}

static struct leash own_leash(const struct sim_engine *engine, const struct sim_worker *worker,
                              size_t d)
{
    const struct device_power *power = &engine->system->platform->device[d].power;
    bool *held = &engine->cap.held[d];
    if (power->cap_W <= 0)
        return (struct leash){INFINITY, 0, INFINITY, held};
    return (struct leash){power->cap_W, power->cap_window_s,
                          spare_s(engine->cap.windowed ? engine->cap.average_W[d] : 0,
                                  worker->run.demand_W[d], power->cap_W, power->cap_window_s),
                          held};
}

/* The fastest gear, from the one given on, that keeps to a limit: any one under an averaged limit,
 * else only P-states. Power falls with the gear, so halving finds it. */
static size_t slowed(struct sim_engine *engine, const struct sim_worker *worker, size_t d,
                     const struct leash *leash)
{
    size_t stride = leash->window_s > 0 ? 1 : DEVICE_GEARS;
    double idle_s = leash->window_s > 0 ? rest_s(worker, d) : 0;
    const struct device *device = &engine->system->platform->device[d];
    size_t low = worker->run.gear[d] / stride, high = (device_gears(device) - 1) / stride;
    if (pass_W(engine, worker, d, low * stride, idle_s) <= leash->limit_W)
        return low * stride;
    if (pass_W(engine, worker, d, high * stride, idle_s) > leash->limit_W) {
        engine->out->cap_unreachable = true;
        return high * stride;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (pass_W(engine, worker, d, middle * stride, idle_s) > leash->limit_W)
            low = middle;
        else
            high = middle;
    }
    return high * stride;
}

/* Whether a limit has nothing to spare; the gear is then set to what it leaves. */
static bool hold(struct sim_engine *engine, struct sim_worker *worker, size_t d,
                 const struct leash *leash)
{
    double least_s = (*leash->held ? LEAST_BURST : LEAST_SPARE) * leash->window_s;
    *leash->held = leash->spare_s < INFINITY && (leash->window_s <= 0 || leash->spare_s < least_s);
    if (*leash->held)
        worker->run.gear[d] = (uint16_t)slowed(engine, worker, d, leash);
    return *leash->held;
}

/* When what a limit has to spare is used up: never where another one holds the device below it. */
static void end_burst(const struct sim_engine *engine, struct sim_worker *worker, size_t d,
                      const struct leash *leash, bool slow)
{
    struct sim_run_state *run = &worker->run;
    if (*leash->held || leash->spare_s == INFINITY ||
        (slow && pass_W(engine, worker, d, run->gear[d], 0) <= leash->limit_W))
        return;
    /* Whole microseconds: rounding in the averages then moves no event. */
    int64_t end_ps = engine->now_ps + (int64_t)ceil(leash->spare_s * 1e6) * 1000000;
    run->burst_ps = end_ps < run->burst_ps ? end_ps : run->burst_ps;
}

/* Sets the gear of one device to what its limits leave. */
static void keep_to_limits(struct sim_engine *engine, struct sim_worker *worker, size_t d,
                           bool member)
{
    struct leash own = own_leash(engine, worker, d);
    struct leash shared = member ? package_leash(engine, worker, d) : own;
    bool slow = hold(engine, worker, d, &own);
    if (member)
        slow = hold(engine, worker, d, &shared) || slow;
    end_burst(engine, worker, d, &own, slow);
    if (member)
        end_burst(engine, worker, d, &shared, slow);
}

void sim_cap_choose(struct sim_engine *engine, struct sim_worker *worker)
{
    const struct device_platform *platform = engine->system->platform;
    const struct device_package *package = &platform->package;
    struct sim_run_state *run = &worker->run;
    run->burst_ps = INT64_MAX;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        run->gear[d] = (uint16_t)(engine->governed[d] * DEVICE_GEARS);
        run->demand_W[d] = 0;
    }
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device *device = &platform->device[d];
        bool member = is_named(package->devices, package->n_devices, device->name);
        if (!(member || device->power.cap_W > 0) || !sim_lane_uses(worker->lane, d))
            continue;
        run->demand_W[d] = pass_W(engine, worker, d, run->gear[d], 0);
        if (run->demand_W[d] > 0)
            keep_to_limits(engine, worker, d, member);
    }
}

static bool any_window(const struct device_platform *platform)
{
    bool any = platform->has_package && platform->package.cap_window_s > 0;
    for (size_t d = 0; d < platform->n_devices; d++) {
        const struct device_power *power = &platform->device[d].power;
        any = any || (power->cap_W > 0 && power->cap_window_s > 0);
    }
    return any;
}

/* Moves an average to what `power_W` makes of it in dt. */
static void follow(double *average_W, double power_W, double window_s, double dt_s)
{
    double kept = window_s > 0 ? exp(-dt_s / window_s) : 0;
    *average_W = power_W + (*average_W - power_W) * kept;
}

static double package_draw_W(const struct device_platform *platform, const double *device_W)
{
    double sum_W = 0;
    for (size_t i = 0; i < platform->package.n_devices; i++)
        sum_W += device_W[device_platform_find(platform, platform->package.devices[i])];
    return sum_W;
}

void sim_cap_init(struct sim_engine *engine)
{
    const struct device_platform *platform = engine->system->platform;
    struct sim_cap *cap = &engine->cap;
    *cap = (struct sim_cap){.windowed = any_window(platform)};
    cap->member = mem_calloc(platform->package.n_devices, sizeof *cap->member);
    cap->held = mem_calloc(2 * platform->n_devices, sizeof *cap->held);
    if (!cap->windowed)
        return;
    cap->average_W = mem_calloc(2 * platform->n_devices, sizeof *cap->average_W);
    cap->mean_W = cap->average_W + platform->n_devices;
    for (size_t d = 0; d < platform->n_devices; d++)
        cap->average_W[d] = sim_meter_idle_W(engine->meter, d);
    cap->package_W = package_draw_W(platform, cap->average_W);
}

void sim_cap_free(struct sim_cap *cap)
{
    free(cap->average_W);
    free(cap->member);
    free(cap->held);
    *cap = (struct sim_cap){0};
}

void sim_cap_look(struct sim_engine *engine)
{
    const struct device_platform *platform = engine->system->platform;
    struct sim_cap *cap = &engine->cap;
    int64_t now_ps = sim_meter_time_ps(engine->meter);
    double dt_s = (double)(now_ps - cap->looked_ps) * 1e-12, *mean_W = cap->mean_W;
    if (!cap->windowed || dt_s <= 0)
        return;
    for (size_t d = 0; d < platform->n_devices; d++) {
        mean_W[d] = sim_meter_take_J(engine->meter, d) / dt_s;
        follow(&cap->average_W[d], mean_W[d], platform->device[d].power.cap_window_s, dt_s);
    }
    follow(&cap->package_W, package_draw_W(platform, mean_W), platform->package.cap_window_s, dt_s);
    cap->looked_ps = now_ps;
}
