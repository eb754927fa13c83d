/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "devices/thermal.h"
#include "sim/score_tables.h"

#include <math.h>
#include <stdlib.h>

/* Most context tokens of layers with a sliding window. */
static double window_of(const struct sim_scorer *scorer)
{
    uint64_t window = scorer->system->model->sliding_window;
    return window > 0 ? (double)window : INFINITY;
}

static void price_prefill(const struct sim_scorer *scorer, size_t class,
                          const struct sim_place *place, struct sim_record *record)
{
    const struct sim_load *load = &scorer->load;
    double rows = load->prompt_mean / scorer->chunks;
    struct device_pass pass = {
        .rows = rows,
        .sampled = 1 / scorer->chunks, /* only the last chunk samples */
        .prefill_sequences = 1,
        .prefill_rows = rows,
        .prefill_pairs = load->prompt_pairs / scorer->chunks,
        .prefill_window_pairs =
            fmin(load->prompt_pairs, load->prompt_mean * window_of(scorer)) / scorer->chunks,
    };
    struct device_cost cost = {0};
    sim_class_cost(scorer->system, class, place, &pass, scorer->chunks, &cost);
    const struct device *device = &scorer->system->platform->device[place->device];
    record->prefill_s = cost.time_s;
    record->prefill_J = device_work_J(device, place->pstate, cost.flops, cost.bytes);
}

static void price_step(const struct sim_scorer *scorer, size_t class, const struct sim_place *place,
                       size_t g, struct sim_record *record)
{
    double batch = scorer->grid[g];
    double contexts = batch * scorer->load.decode_context;
    double window = batch * fmin(scorer->load.decode_context, window_of(scorer));
    struct device_pass pass = {.rows = batch, .sampled = batch, .decode_sequences = batch};
    struct device_cost cost = {0};
    sim_class_cost(scorer->system, class, place, &pass, 1, &cost);
    const struct device *device = &scorer->system->platform->device[place->device];
    record->step_s[g] =
        cost.time_s + contexts * cost.time_per_context_s + window * cost.time_per_window_s;
    record->step_J[g] = device_work_J(
        device, place->pstate,
        cost.flops + contexts * cost.flops_per_context + window * cost.flops_per_window,
        cost.bytes + contexts * cost.bytes_per_context + window * cost.bytes_per_window);
}

static void price(struct sim_scorer *scorer)
{
    const struct sim_system *system = scorer->system;
    for (size_t c = 0; c < system->n_classes; c++)
        for (size_t d = 0; d < system->n_devices; d++)
            for (size_t s = 0; s < device_pstates(&system->platform->device[d]); s++) {
                struct sim_place place = {d, s, INFINITY};
                struct sim_record *record = sim_record_at(scorer, c, d, s);
                price_prefill(scorer, c, &place, record);
                for (size_t g = 0; g < scorer->n_grid; g++)
                    price_step(scorer, c, &place, g, record);
            }
}

/* What each device draws while the whole machine idles at its slowest clocks. */
static void find_idle(struct sim_scorer *scorer)
{
    const struct device_platform *platform = scorer->system->platform;
    struct device_thermal *thermal = device_thermal_create(platform);
    for (size_t d = 0; d < platform->n_devices; d++) {
        const struct device *device = &platform->device[d];
        device_thermal_set(thermal, d, true,
                           device_leakage_factor(device, device_pstates(device) - 1));
    }
    device_thermal_steady(thermal, scorer->base_W);
    for (size_t d = 0; d < platform->n_devices; d++)
        scorer->idle_W[d] = scorer->base_W[d] + device_thermal_leakage_W(thermal, d);
    device_thermal_destroy(thermal);
}

static void describe_power(struct sim_scorer *scorer)
{
    const struct device_platform *platform = scorer->system->platform;
    for (size_t d = 0; d < platform->n_devices; d++) {
        const struct device *device = &platform->device[d];
        scorer->base_W[d] = device_base_W(device);
        scorer->cap_W[d] = device->power.cap_W > 0 ? device->power.cap_W : INFINITY;
        device_leakage_grid_init(&scorer->leakage[d], &device->power.leakage);
        for (size_t s = 0; s < device_pstates(device); s++) {
            scorer->busy_W[d * scorer->most_pstates + s] = device_busy_W(device, s);
            scorer->leakage_factor[d * scorer->most_pstates + s] = device_leakage_factor(device, s);
        }
    }
    /* A package's other members are idle while one works hardest: each may use what they leave. */
    const struct device_package *package = &platform->package;
    for (size_t i = 0; i < package->n_devices; i++) {
        size_t d = device_platform_find(platform, package->devices[i]);
        double left_W = package->cap_W;
        for (size_t j = 0; j < package->n_devices; j++)
            if (j != i)
                left_W -= platform->device[device_platform_find(platform, package->devices[j])]
                              .power.idle_W;
        scorer->cap_W[d] = fmin(scorer->cap_W[d], left_W);
    }
}

/* Keeps the grid sorted; a batch that is on it, or beyond the most that run together, is left out.
 */
static void add_to_grid(struct sim_scorer *scorer, double batch)
{
    size_t at = 0;
    while (at < scorer->n_grid && scorer->grid[at] < batch)
        at++;
    bool there = at < scorer->n_grid && scorer->grid[at] == batch;
    if (there || scorer->n_grid == SIM_GRID || batch > (double)scorer->system->serving.max_num_seqs)
        return;
    for (size_t i = scorer->n_grid++; i > at; i--)
        scorer->grid[i] = scorer->grid[i - 1];
    scorer->grid[at] = batch;
}

/* Powers of two to choose from; time jumps where rows are padded for the matrix units. */
static void lay_grid(struct sim_scorer *scorer)
{
    const struct sim_system *system = scorer->system;
    for (uint64_t batch = 1; batch < system->serving.max_num_seqs; batch *= 2)
        if (scorer->n_batches < SIM_BATCHES - 1)
            scorer->batch[scorer->n_batches++] = batch;
    scorer->batch[scorer->n_batches++] = system->serving.max_num_seqs;
    for (size_t i = 0; i < scorer->n_batches; i++)
        add_to_grid(scorer, (double)scorer->batch[i]);
    for (size_t d = 0; d < system->n_devices; d++)
        add_to_grid(scorer, (double)system->platform->device[d].compute.vector_rows + 1);
}

struct sim_scorer *sim_scorer_create(const struct sim_system *system, const struct sim_load *load)
{
    struct sim_scorer *scorer = mem_calloc(1, sizeof *scorer);
    size_t n = system->n_devices;
    scorer->system = system;
    scorer->load = *load;
    scorer->kv = sim_kv_load_of(system, load);
    scorer->layer_kv_B = workload_model_kv_bytes_per_layer(system->model);
    lay_grid(scorer);
    for (size_t d = 0; d < n; d++)
        if (device_pstates(&system->platform->device[d]) > scorer->most_pstates)
            scorer->most_pstates = device_pstates(&system->platform->device[d]);
    scorer->chunks =
        fmax(1, ceil(load->prompt_mean / (double)system->serving.max_num_batched_tokens));
    scorer->record =
        mem_calloc(system->n_classes * n * scorer->most_pstates, sizeof *scorer->record);
    scorer->base_W = mem_calloc(n, sizeof(double));
    scorer->idle_W = mem_calloc(n, sizeof(double));
    scorer->cap_W = mem_calloc(n, sizeof(double));
    scorer->busy_W = mem_calloc(n * scorer->most_pstates, sizeof(double));
    scorer->leakage_factor = mem_calloc(n * scorer->most_pstates, sizeof(double));
    scorer->leakage = mem_calloc(n, sizeof *scorer->leakage);
    price(scorer);
    describe_power(scorer);
    find_idle(scorer);
    return scorer;
}

void sim_scorer_destroy(struct sim_scorer *scorer)
{
    if (!scorer)
        return;
    for (size_t d = 0; d < scorer->system->n_devices; d++)
        device_leakage_grid_free(&scorer->leakage[d]);
    free(scorer->record);
    free(scorer->base_W);
    free(scorer->idle_W);
    free(scorer->cap_W);
    free(scorer->busy_W);
    free(scorer->leakage_factor);
    free(scorer->leakage);
    free(scorer);
}

size_t sim_scorer_batches(const struct sim_scorer *scorer, const uint64_t **batch)
{
    *batch = scorer->batch;
    return scorer->n_batches;
}
