/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/meter.h"

#include "base/memory.h"
#include "devices/gear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counts of one device in one gear over the whole run. */
struct count {
    double busy_s, flops, bytes;
};

struct gauge {
    double idle_W; /* draw of the idle machine, switched-off devices included */
    double base_W; /* P_base, or sleep power when switched off, since since_ps */
    double base_J; /* up to since_ps */
    int64_t since_ps;
    bool powered;
    size_t gear;
    bool set; /* the network knows of the gear */
    bool throttled;
    double wake_J;    /* spent at the start and when switched on */
    double pending_J; /* dynamic energy since the last reading */
    double pending_busy_s;
    double taken_J; /* since the last sim_meter_take_J */
    double peak_flops;
    double throttled_s;
    double kelvin_seconds; /* integral of the die temperature, for its mean */
    /* since the last sample */
    double sample_J, sample_busy_s, sample_clock_s, sample_kelvin_s;
};

struct sim_meter {
    const struct sim_system *system;
    struct device_thermal *thermal;
    size_t most_gears;
    struct gauge *gauge;                                      /* (n_devices) */
    struct count *count;                                      /* (n_devices, most_gears) */
    double *leakage_J, *peak_K, *power_W, *step_J, *before_K; /* (n_devices) */
    double link_J, storage_J;
    double pending_other_J;           /* link and store since the last reading */
    double integral_J, integral_rest; /* compensated sum */
    double throttled_s;               /* seconds in which any device was throttled */
    int64_t time_ps, sample_ps;
};

static double base_W(const struct device *device, bool powered)
{
    return powered ? device_base_W(device) : device->power.sleep_W;
}

static void set_up_gauge(struct sim_meter *meter, const struct sim_plan *plan, size_t d)
{
    const struct device *device = &meter->system->platform->device[d];
    struct gauge *gauge = &meter->gauge[d];
    gauge->powered = sim_plan_powers(meter->system, plan, d);
    /* What no unit runs on idles at its slowest clock. */
    gauge->gear =
        sim_plan_uses(plan, d) ? plan->pstate[d] * (size_t)DEVICE_GEARS : device_gears(device) - 1;
    if (device->power.can_sleep && sim_plan_uses(plan, d))
        gauge->wake_J = gauge->pending_J = device->power.wake_J;
    gauge->base_W = base_W(device, gauge->powered);
    meter->power_W[d] = gauge->base_W;
    device_thermal_set(meter->thermal, d, gauge->powered,
                       device_gear_leakage(device, device_gears(device) - 1));
    if (device_gears(device) > meter->most_gears)
        meter->most_gears = device_gears(device);
}

/* From the idle machine, all at its slowest clock, to the clocks of the plan. */
static void start_gauge(struct sim_meter *meter, size_t d)
{
    struct gauge *gauge = &meter->gauge[d];
    gauge->idle_W = gauge->base_W + device_thermal_leakage_W(meter->thermal, d);
    meter->peak_K[d] = device_thermal_die_K(meter->thermal, d);
    sim_meter_set_gear(meter, d, gauge->gear, false);
}

bool sim_meter_create(const struct sim_system *system, const struct sim_plan *plan,
                      struct sim_meter **out, struct error *err)
{
    size_t n = system->n_devices;
    struct sim_meter *meter = mem_calloc(1, sizeof *meter);
    meter->system = system;
    meter->thermal = device_thermal_create(system->platform);
    meter->gauge = mem_calloc(n, sizeof *meter->gauge);
    meter->leakage_J = mem_calloc(5 * n, sizeof(double));
    meter->peak_K = meter->leakage_J + n;
    meter->power_W = meter->peak_K + n;
    meter->step_J = meter->power_W + n;
    meter->before_K = meter->step_J + n;
    for (size_t d = 0; d < n; d++)
        set_up_gauge(meter, plan, d);
    meter->count = mem_calloc(n * meter->most_gears, sizeof *meter->count);
    *out = meter;
    if (device_thermal_steady(meter->thermal, meter->power_W)) {
        for (size_t d = 0; d < n; d++)
            start_gauge(meter, d);
        return true;
    }
    sim_meter_destroy(meter);
    *out = NULL;
    return error_set(err,
                     "platform '%s' runs away at idle: its leakage grows faster than its "
                     "cooling carries off",
                     system->platform->name);
}

void sim_meter_destroy(struct sim_meter *meter)
{
    if (!meter)
        return;
    device_thermal_destroy(meter->thermal);
    free(meter->gauge);
    free(meter->count);
    free(meter->leakage_J);
    free(meter);
}

void sim_meter_add(struct sim_meter *meter, size_t device, size_t gear, const struct sim_work *work)
{
    const struct device *spec = &meter->system->platform->device[device];
    struct count *count = &meter->count[device * meter->most_gears + gear];
    struct gauge *gauge = &meter->gauge[device];
    count->busy_s += work->busy_s;
    count->flops += work->flops;
    count->bytes += work->bytes;
    gauge->peak_flops += work->peak_flops;
    gauge->pending_busy_s += work->busy_s;
    gauge->pending_J += device_gear_work_J(spec, gear, work->flops, work->bytes) +
                        device_gear_busy_W(spec, gear) * work->busy_s;
}

void sim_meter_add_link_J(struct sim_meter *meter, double link_J)
{
    meter->link_J += link_J;
    meter->pending_other_J += link_J;
}

void sim_meter_add_storage_J(struct sim_meter *meter, double storage_J)
{
    meter->storage_J += storage_J;
    meter->pending_other_J += storage_J;
}

/* Neumaier's compensated sum: a week of readings must still agree to 1e-9. */
static void add_integral(struct sim_meter *meter, double joules)
{
    double sum = meter->integral_J + joules;
    if (fabs(meter->integral_J) >= fabs(joules))
        meter->integral_rest += (meter->integral_J - sum) + joules;
    else
        meter->integral_rest += (joules - sum) + meter->integral_J;
    meter->integral_J = sum;
}

static void read_device(struct sim_meter *meter, size_t d, double before_K, double dt_s)
{
    struct gauge *gauge = &meter->gauge[d];
    double kelvin_s = 0.5 * (before_K + device_thermal_die_K(meter->thermal, d)) * dt_s;
    double joules = meter->power_W[d] * dt_s + meter->step_J[d];
    double clock = device_gear_clock(&meter->system->platform->device[d], gauge->gear);
    add_integral(meter, joules);
    meter->leakage_J[d] += meter->step_J[d];
    gauge->kelvin_seconds += kelvin_s;
    gauge->throttled_s += gauge->throttled ? dt_s : 0;
    gauge->sample_J += joules;
    gauge->taken_J += joules;
    gauge->sample_busy_s += gauge->pending_busy_s;
    gauge->sample_clock_s += gauge->powered ? clock * dt_s : 0;
    gauge->sample_kelvin_s += kelvin_s;
    gauge->pending_J = 0;
    gauge->pending_busy_s = 0;
}

void sim_meter_read(struct sim_meter *meter, int64_t time_ps)
{
    size_t n = meter->system->n_devices;
    double dt_s = (double)(time_ps - meter->time_ps) * 1e-12;
    if (dt_s <= 0)
        return;
    bool throttled = false;
    for (size_t d = 0; d < n; d++) {
        meter->power_W[d] = meter->gauge[d].base_W + meter->gauge[d].pending_J / dt_s;
        throttled = throttled || meter->gauge[d].throttled;
        meter->before_K[d] = device_thermal_die_K(meter->thermal, d);
        meter->step_J[d] = 0;
    }
    device_thermal_step(meter->thermal, dt_s, meter->power_W, meter->step_J, meter->peak_K);
    for (size_t d = 0; d < n; d++)
        read_device(meter, d, meter->before_K[d], dt_s);
    add_integral(meter, meter->pending_other_J);
    meter->pending_other_J = 0;
    meter->throttled_s += throttled ? dt_s : 0;
    meter->time_ps = time_ps;
}

int64_t sim_meter_time_ps(const struct sim_meter *meter)
{
    return meter->time_ps;
}

void sim_meter_set_gear(struct sim_meter *meter, size_t device, size_t gear, bool throttled)
{
    struct gauge *gauge = &meter->gauge[device];
    gauge->throttled = throttled;
    if (gauge->gear == gear && gauge->set)
        return;
    gauge->gear = gear;
    gauge->set = true;
    device_thermal_set(meter->thermal, device, gauge->powered,
                       device_gear_leakage(&meter->system->platform->device[device], gear));
}

static double base_since_J(const struct sim_meter *meter, const struct gauge *gauge)
{
    return gauge->base_W * ((double)(meter->time_ps - gauge->since_ps) * 1e-12);
}

void sim_meter_follow(struct sim_meter *meter, const struct sim_plan *plan)
{
    for (size_t d = 0; d < meter->system->n_devices; d++) {
        const struct device *device = &meter->system->platform->device[d];
        struct gauge *gauge = &meter->gauge[d];
        bool powered = sim_plan_powers(meter->system, plan, d);
        if (powered && !gauge->powered) {
            gauge->wake_J += device->power.wake_J;
            gauge->pending_J += device->power.wake_J;
        }
        gauge->base_J += base_since_J(meter, gauge);
        gauge->since_ps = meter->time_ps;
        gauge->powered = powered;
        gauge->base_W = base_W(device, powered);
        gauge->set = false;
        if (!sim_plan_uses(plan, d))
            sim_meter_set_gear(meter, d, device_gears(device) - 1, false);
    }
}

double sim_meter_take_J(struct sim_meter *meter, size_t device)
{
    double joules = meter->gauge[device].taken_J;
    meter->gauge[device].taken_J = 0;
    return joules;
}

double sim_meter_idle_W(const struct sim_meter *meter, size_t device)
{
    return meter->gauge[device].idle_W;
}

double sim_meter_die_K(const struct sim_meter *meter, size_t device)
{
    return device_thermal_die_K(meter->thermal, device);
}

double sim_meter_leakage_W(const struct sim_meter *meter, size_t device, size_t gear)
{
    const struct device *spec = &meter->system->platform->device[device];
    double leakage_W = device_thermal_leakage_W(meter->thermal, device);
    size_t present = meter->gauge[device].gear;
    if (gear == present)
        return leakage_W;
    return leakage_W * device_gear_leakage(spec, gear) / device_gear_leakage(spec, present);
}

void sim_meter_sample(struct sim_meter *meter, const struct sim_sink *sink, uint64_t running,
                      uint64_t waiting, const double *pool_cpq)
{
    double period_s = (double)(meter->time_ps - meter->sample_ps) * 1e-12;
    for (size_t d = 0; d < meter->system->n_devices && period_s > 0; d++) {
        struct gauge *gauge = &meter->gauge[d];
        struct sim_sample_row row = {
            .time_s = (double)meter->time_ps * 1e-12,
            .device = meter->system->platform->device[d].name,
            .power_W = gauge->sample_J / period_s,
            .temperature_C = gauge->sample_kelvin_s / period_s - 273.15,
            .clock = gauge->sample_clock_s / period_s,
            .busy = gauge->sample_busy_s / period_s,
            .running = (int64_t)running,
            .waiting = (int64_t)waiting,
            .cpq = pool_cpq[meter->system->pool_of[d]],
        };
        sink->sample(sink->state, &row);
        gauge->sample_J = gauge->sample_busy_s = gauge->sample_clock_s = 0;
        gauge->sample_kelvin_s = 0;
    }
    meter->sample_ps = meter->time_ps;
}

static struct sim_device_row device_row(const struct sim_meter *meter, size_t d)
{
    const struct device *device = &meter->system->platform->device[d];
    const struct gauge *gauge = &meter->gauge[d];
    double total_s = (double)meter->time_ps * 1e-12, flops = 0;
    struct sim_device_row row = {.device = device->name,
                                 .base_J =
                                     gauge->base_J + base_since_J(meter, gauge) + gauge->wake_J,
                                 .leakage_J = meter->leakage_J[d],
                                 .peak_temperature_C = meter->peak_K[d] - 273.15,
                                 .throttled_s = gauge->throttled_s};
    for (size_t g = 0; g < device_gears(device); g++) {
        const struct count *count = &meter->count[d * meter->most_gears + g];
        row.busy_s += count->busy_s;
        row.active_J += device_gear_busy_W(device, g) * count->busy_s;
        row.compute_J += device_gear_work_J(device, g, count->flops, 0);
        row.memory_J += device_gear_work_J(device, g, 0, count->bytes);
        flops += count->flops;
    }
    row.energy_J = row.base_J + row.active_J + row.compute_J + row.memory_J + row.leakage_J;
    row.utilisation = total_s > 0 ? row.busy_s / total_s : 0;
    row.thermal_yield = row.energy_J > 0 ? 1 - row.leakage_J / row.energy_J : 1;
    row.dasi = gauge->peak_flops > 0 ? flops / gauge->peak_flops : 0;
    row.mean_temperature_C =
        total_s > 0 ? gauge->kelvin_seconds / total_s - 273.15 : sim_meter_die_K(meter, d) - 273.15;
    return row;
}

void sim_meter_finish(struct sim_meter *meter, const struct sim_sink *sink, struct sim_summary *out)
{
    double total_s = (double)meter->time_ps * 1e-12, idle_J = 0;
    struct sim_energy *energy = &out->energy;
    out->peak_temperature_C = -273.15;
    for (size_t d = 0; d < meter->system->n_devices; d++) {
        struct sim_device_row row = device_row(meter, d);
        add_integral(meter, meter->gauge[d].pending_J); /* spent at the very end */
        energy->base += row.base_J;
        energy->active += row.active_J;
        energy->compute += row.compute_J;
        energy->memory += row.memory_J;
        energy->leakage += row.leakage_J;
        idle_J += meter->gauge[d].idle_W * total_s;
        out->peak_temperature_C = fmax(out->peak_temperature_C, row.peak_temperature_C);
        if (sink->device)
            sink->device(sink->state, &row);
    }
    energy->link = meter->link_J;
    energy->storage = meter->storage_J;
    energy->total = energy->base + energy->active + energy->compute + energy->memory +
                    energy->leakage + energy->link + energy->storage;
    energy->net = energy->total - idle_J;
    add_integral(meter, meter->pending_other_J);
    energy->integral = meter->integral_J + meter->integral_rest;
    out->throttled_s = meter->throttled_s;
    out->runaway = device_thermal_runaway(meter->thermal);
}
