/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/system.h"

#include "base/memory.h"
#include "devices/thermal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)

/* In the order of enum sim_kv_allocator. */
static const char *const allocators[] = {"paged", "contiguous", "buddy", "first_fit", NULL};

const struct field sim_serving_fields[] = {
    {"max_num_seqs", FIELD_COUNT, false, AT(sim_serving, max_num_seqs), .min = 1, .max = 4096,
     .preset = "64", .unit = "requests", .help = "requests that run together"},
    {"max_num_batched_tokens", FIELD_COUNT, false, AT(sim_serving, max_num_batched_tokens),
     .min = 1, .max = 1048576, .preset = "2048", .unit = "tokens", .help = "rows of one pass"},
    {"kv_block_tokens", FIELD_COUNT, false, AT(sim_serving, kv_block_tokens), .min = 1, .max = 4096,
     .preset = "16", .unit = "tokens", .help = "tokens of one KV block"},
    {"kv_blocks", FIELD_COUNT, false, AT(sim_serving, kv_blocks), .min = 0, .max = 1e9,
     .preset = "0", .unit = "blocks", .help = "KV blocks (0: what memory_fraction leaves)"},
    {"kv_allocator", FIELD_ENUM, false, AT(sim_serving, kv_allocator), .names = allocators,
     .preset = "paged",
     .help = "how the KV cache is given out: in blocks as tokens come, or reserved for a request's "
             "whole length: slots of equal length, powers of two of a block, the first hole"},
    {"kv_slot_tokens", FIELD_COUNT, false, AT(sim_serving, kv_slot_tokens), .min = 0, .max = 1e9,
     .preset = "0", .unit = "tokens",
     .help = "slot of a request under contiguous (0: the model's greatest context)"},
    {"pipeline_batches", FIELD_COUNT, false, AT(sim_serving, pipeline_batches), .min = 0, .max = 8,
     .preset = "1", .unit = "1",
     .help = "batches in flight where devices of a plan work in turn (0: at most one a device, "
             "as many as serve most). The closed form knows of one"},
    {"memory_fraction", FIELD_NUMBER, false, AT(sim_serving, memory_fraction), .min = 0.01,
     .max = 1, .preset = "0.9", .unit = "1", .help = "share of a pool that the server may use"},
    {"chunked_prefill", FIELD_BOOL, false, AT(sim_serving, chunked_prefill), .preset = "true",
     .help = "prompts are cut to fit beside decode rows"},
    {"prefix_cache", FIELD_BOOL, false, AT(sim_serving, prefix_cache), .preset = "false",
     .help = "keep computed blocks for prompts that begin alike, while nobody else needs the room "
             "(paged only)"},
    {0}};

/* Compared member by member: padding bytes of the structs are not defined. */
static bool same_operator(const struct workload_operator *a, const struct workload_operator *b)
{
    return a->kind == b->kind && a->rows == b->rows && a->format == b->format &&
           a->weights == b->weights && a->weight_bytes == b->weight_bytes &&
           a->flops_per_row == b->flops_per_row &&
           a->activation_bytes_per_row == b->activation_bytes_per_row &&
           a->flops_per_pair == b->flops_per_pair &&
           a->kv_bytes_per_token == b->kv_bytes_per_token && a->q_heads == b->q_heads &&
           a->window == b->window && a->experts == b->experts && a->experts_used == b->experts_used;
}

static bool same_class(const struct sim_class *a, const struct sim_class *b)
{
    if (a->n_ops != b->n_ops)
        return false;
    for (size_t i = 0; i < a->n_ops; i++)
        if (!same_operator(&a->op[i], &b->op[i]))
            return false;
    return true;
}

static size_t find_class(const struct sim_system *system, const struct sim_class *wanted)
{
    size_t c = 0;
    while (c < system->n_classes && !same_class(&system->class[c], wanted))
        c++;
    return c;
}

static void classify(struct sim_system *system)
{
    const struct workload_model *model = system->model;
    size_t capacity = 0;
    for (size_t u = 0; u < system->n_units; u++) {
        struct sim_class fresh = {0};
        fresh.n_ops = workload_unit_operators(model, u, fresh.op);
        for (size_t i = 0; i < fresh.n_ops; i++) {
            system->weights_B += fresh.op[i].weight_bytes;
            fresh.kv_bytes_per_token += fresh.op[i].kv_bytes_per_token;
        }
        size_t c = find_class(system, &fresh);
        if (c == system->n_classes) {
            system->class =
                mem_grow(system->class, &capacity, system->n_classes + 1, sizeof *system->class);
            system->class[system->n_classes++] = fresh;
        }
        system->class_of[u] = (uint16_t)c;
        system->resident_B[u] = workload_unit_resident_bytes(model, u);
    }
}

/* The widest live set of a pass: the FFN's intermediate rows with its input and output, two bytes
 * a value, and the logits of the sampled rows in four. */
static double working_memory_B(const struct sim_system *system)
{
    const struct workload_model *model = system->model;
    double rows = (double)system->serving.max_num_batched_tokens;
    const struct workload_experts *experts = &model->experts;
    double ffn =
        fmax((double)model->ffn, (double)((experts->used + experts->shared) * experts->ffn));
    double wide = 2 * ffn + 2 * (double)model->hidden;
    return rows * wide * 2 + (double)system->serving.max_num_seqs * (double)model->vocab * 4;
}

static void find_routes(struct sim_system *system)
{
    size_t n = system->n_devices;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            system->route[i * n + j] = (struct device_route){0, INFINITY, 0};
            system->routed[i * n + j] =
                device_platform_route(system->platform, i, j, &system->route[i * n + j]);
        }
}

void sim_system_init(struct sim_system *system, const struct device_platform *platform,
                     const struct workload_model *model, const struct sim_serving *serving)
{
    size_t n = platform->n_devices;
    *system = (struct sim_system){
        .platform = platform,
        .model = model,
        .serving = *serving,
        .n_units = workload_units(model),
        .n_devices = n,
        .n_pools = platform->n_pools,
        .shared_B = workload_shared_bytes(model),
        .row_B = 2 * (double)model->hidden,
        .pool_of = mem_calloc(n, sizeof(size_t)),
        .route = mem_calloc(n * n, sizeof(struct device_route)),
        .routed = mem_calloc(n * n, sizeof(bool)),
        .resistance_KpW = mem_calloc(n * n, sizeof(double)),
        .die_KpW = mem_calloc(n, sizeof(double)),
    };
    system->class_of = mem_calloc(system->n_units, sizeof *system->class_of);
    system->resident_B = mem_calloc(system->n_units, sizeof *system->resident_B);
    for (size_t d = 0; d < n; d++)
        system->pool_of[d] = device_platform_pool_of(platform, d);
    classify(system);
    find_routes(system);
    system->activations_B = working_memory_B(system);
    struct device_thermal *thermal = device_thermal_create(platform);
    device_thermal_resistances(thermal, system->resistance_KpW, system->die_KpW);
    device_thermal_destroy(thermal);
}

void sim_system_free(struct sim_system *system)
{
    free(system->class);
    free(system->class_of);
    free(system->resident_B);
    free(system->pool_of);
    free(system->route);
    free(system->routed);
    free(system->resistance_KpW);
    free(system->die_KpW);
    *system = (struct sim_system){0};
}

void sim_class_cost(const struct sim_system *system, size_t class, const struct sim_place *place,
                    const struct device_pass *pass, double count, struct device_cost *cost)
{
    const struct device *device = &system->platform->device[place->device];
    struct device_condition at = {
        .clock = device_relative_clock(device, place->pstate),
        .bandwidth_Bps = place->bandwidth_Bps,
        .pass_weight_bytes = system->weights_B,
    };
    const struct sim_class *operators = &system->class[class];
    for (size_t i = 0; i < operators->n_ops; i++)
        device_operator_cost(device, &operators->op[i], pass, &at, count, cost);
}

double sim_system_weights_B(const struct sim_system *system, size_t unit, size_t pool)
{
    bool away = unit == 0 && system->shared_B == 0 && system->platform->pool[pool].store_Bps > 0;
    return away ? 0 : system->resident_B[unit];
}

uint64_t sim_system_slot_tokens(const struct sim_system *system)
{
    uint64_t tokens = system->serving.kv_slot_tokens;
    return tokens > 0 ? tokens : system->model->max_context;
}
