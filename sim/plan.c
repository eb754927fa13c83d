/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plan.h"

#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sim_plan_init(struct sim_plan *plan, const struct sim_system *system)
{
    *plan = (struct sim_plan){
        .n_units = system->n_units,
        .n_devices = system->n_devices,
        .prefill = mem_calloc(system->n_units, 1),
        .decode = mem_calloc(system->n_units, 1),
        .pstate = mem_calloc(system->n_devices, 1),
        .in_flight = system->serving.max_num_seqs,
    };
}

void sim_plan_copy(struct sim_plan *to, const struct sim_plan *from)
{
    memcpy(to->prefill, from->prefill, from->n_units);
    memcpy(to->decode, from->decode, from->n_units);
    memcpy(to->pstate, from->pstate, from->n_devices);
    to->in_flight = from->in_flight;
}

void sim_plan_free(struct sim_plan *plan)
{
    free(plan->prefill);
    free(plan->decode);
    free(plan->pstate);
    *plan = (struct sim_plan){0};
}

bool sim_plan_uses(const struct sim_plan *plan, size_t device)
{
    for (size_t u = 0; u < plan->n_units; u++)
        if (plan->prefill[u] == device || plan->decode[u] == device)
            return true;
    return false;
}

bool sim_plan_powers(const struct sim_system *system, const struct sim_plan *plan, size_t device)
{
    return !system->platform->device[device].power.can_sleep || sim_plan_uses(plan, device);
}

bool sim_plan_linked(const struct sim_system *system, const struct sim_plan *plan)
{
    size_t n = system->n_devices;
    for (size_t u = 0; u < system->n_units; u++) {
        size_t next = u + 1 < system->n_units ? u + 1 : u;
        if (!system->routed[plan->prefill[u] * n + plan->decode[u]] ||
            !system->routed[plan->prefill[u] * n + plan->prefill[next]] ||
            !system->routed[plan->decode[u] * n + plan->decode[next]])
            return false;
    }
    return true;
}

/* Units of one device in a row, as "embed..l15.attn NAME". */
static void describe_run(const struct sim_system *system, size_t first, size_t last, size_t device,
                         struct text *out)
{
    const char *name = system->platform->device[device].name;
    if (first == 0 && last + 1 == system->n_units) {
        text_add(out, " all on %s", name);
        return;
    }
    char *from = workload_unit_name(system->model, first);
    char *to = workload_unit_name(system->model, last);
    if (first == last)
        text_add(out, " %s on %s", from, name);
    else
        text_add(out, " %s-%s on %s", from, to, name);
    free(from);
    free(to);
}

static void describe_phase(const struct sim_system *system, const uint8_t *where, struct text *out)
{
    size_t first = 0;
    for (size_t u = 1; u <= system->n_units; u++) {
        if (u < system->n_units && where[u] == where[first])
            continue;
        describe_run(system, first, u - 1, where[first], out);
        if (u < system->n_units)
            text_add(out, ",");
        first = u;
    }
}

char *sim_plan_describe(const struct sim_system *system, const struct sim_plan *plan)
{
    struct text out = {0};
    if (memcmp(plan->prefill, plan->decode, plan->n_units) == 0) {
        text_add(&out, "both phases");
        describe_phase(system, plan->decode, &out);
    } else {
        text_add(&out, "prefill");
        describe_phase(system, plan->prefill, &out);
        text_add(&out, "; decode");
        describe_phase(system, plan->decode, &out);
    }
    text_add(&out, "; ");
    for (size_t d = 0; d < plan->n_devices; d++) {
        const struct device *device = &system->platform->device[d];
        double clock_Hz =
            device_relative_clock(device, plan->pstate[d]) * device->clocks.nominal_Hz;
        if (!sim_plan_powers(system, plan, d))
            text_add(&out, "%s off, ", device->name);
        else if (sim_plan_uses(plan, d))
            text_add(&out, "%s %.2f GHz, ", device->name, clock_Hz / 1e9);
    }
    text_add(&out, "%llu in flight", (unsigned long long)plan->in_flight);
    return out.bytes;
}

/* One letter per unit, 'a' for device 0; P-states as numbers: "aab|aab|0,2,1|8". */
char *sim_plan_encode(const struct sim_plan *plan)
{
    struct text out = {0};
    for (size_t u = 0; u < plan->n_units; u++)
        text_add(&out, "%c", 'a' + plan->prefill[u]);
    text_add(&out, "|");
    for (size_t u = 0; u < plan->n_units; u++)
        text_add(&out, "%c", 'a' + plan->decode[u]);
    for (size_t d = 0; d < plan->n_devices; d++)
        text_add(&out, "%c%u", d ? ',' : '|', plan->pstate[d]);
    text_add(&out, "|%llu", (unsigned long long)plan->in_flight);
    return out.bytes;
}

static bool decode_units(const char **at, const struct sim_system *system, uint8_t *where)
{
    for (size_t u = 0; u < system->n_units; u++, (*at)++) {
        int device = **at - 'a';
        if (device < 0 || (size_t)device >= system->n_devices)
            return false;
        where[u] = (uint8_t)device;
    }
    return *(*at)++ == '|';
}

static bool decode_clocks(const char **at, const struct sim_system *system, uint8_t *pstate)
{
    for (size_t d = 0; d < system->n_devices; d++) {
        char *end;
        unsigned long state = strtoul(*at, &end, 10);
        bool last = d + 1 == system->n_devices;
        if (end == *at || state >= device_pstates(&system->platform->device[d]) ||
            *end != (last ? '|' : ','))
            return false;
        pstate[d] = (uint8_t)state;
        *at = end + 1;
    }
    return true;
}

bool sim_plan_decode(const struct sim_system *system, const char *text, struct sim_plan *out,
                     struct error *err)
{
    const char *at = text;
    sim_plan_init(out, system);
    bool ok = decode_units(&at, system, out->prefill) && decode_units(&at, system, out->decode) &&
              decode_clocks(&at, system, out->pstate) && text_count(at, &out->in_flight) &&
              out->in_flight >= 1;
    if (ok)
        return true;
    sim_plan_free(out);
    return error_set(err, "plan '%s' does not fit this model and platform", text);
}

bool sim_plan_needs(const struct sim_system *system, const struct sim_plan *plan, size_t pool,
                    size_t unit)
{
    return system->pool_of[plan->prefill[unit]] == pool ||
           system->pool_of[plan->decode[unit]] == pool;
}

void sim_plan_weights_B(const struct sim_system *system, const struct sim_plan *plan,
                        double *pool_B)
{
    for (size_t p = 0; p < system->n_pools; p++) {
        pool_B[p] = 0;
        for (size_t u = 0; u < system->n_units; u++)
            if (sim_plan_needs(system, plan, p, u))
                pool_B[p] += sim_system_weights_B(system, u, p);
        bool embedding = sim_plan_needs(system, plan, p, 0);
        bool head = sim_plan_needs(system, plan, p, system->n_units - 1);
        if (head && embedding)
            pool_B[p] -= system->shared_B;
    }
}

void sim_plan_kv_B(const struct sim_system *system, const struct sim_plan *plan, double *pool_B)
{
    for (size_t p = 0; p < system->n_pools; p++) {
        pool_B[p] = 0;
        for (size_t u = 0; u < system->n_units; u++)
            if (sim_plan_needs(system, plan, p, u))
                pool_B[p] += system->class[system->class_of[u]].kv_bytes_per_token;
    }
}

/* Blocks that one pool leaves room for; negative when the weights alone do not fit. */
static double pool_blocks(const struct sim_system *system, size_t pool, double weights_B,
                          double kv_B)
{
    const struct device_pool *spec = &system->platform->pool[pool];
    double usable_B = system->serving.memory_fraction * (spec->capacity_B - spec->reserve_B);
    double free_B = usable_B - weights_B - (weights_B > 0 ? system->activations_B : 0);
    if (kv_B <= 0)
        return free_B < 0 ? -1 : INFINITY;
    return floor(free_B / (kv_B * (double)system->serving.kv_block_tokens));
}

static bool too_large(const struct sim_system *system, size_t pool, double weights_B, double kv_B,
                      struct error *err)
{
    const struct device_pool *spec = &system->platform->pool[pool];
    double block_B = kv_B * (double)system->serving.kv_block_tokens;
    return error_set(
        err,
        "model '%s' (%s) does not fit pool '%s': %.0f bytes needed (weights %.0f, working memory "
        "%.0f, one KV block %.0f), %.0f bytes there (%.3g of capacity less reserve)",
        system->model->name, system->model->quant, spec->name,
        weights_B + system->activations_B + block_B, weights_B, system->activations_B, block_B,
        system->serving.memory_fraction * (spec->capacity_B - spec->reserve_B),
        system->serving.memory_fraction);
}

/* Blocks by pool: as many as it leaves room for, or may page. */
static double usable_blocks(const struct sim_system *system, size_t pool, double weights_B,
                            double kv_B)
{
    const struct device_pool *spec = &system->platform->pool[pool];
    double n = pool_blocks(system, pool, weights_B, kv_B);
    if (n >= 1 || spec->store_Bps <= 0)
        return n;
    return floor(spec->capacity_B / fmax(1, kv_B * (double)system->serving.kv_block_tokens));
}

bool sim_plan_blocks(const struct sim_system *system, const struct sim_plan *plan, uint64_t *blocks,
                     struct error *err)
{
    double *weights_B = mem_calloc(2 * system->n_pools, sizeof *weights_B);
    double *kv_B = weights_B + system->n_pools;
    sim_plan_weights_B(system, plan, weights_B);
    sim_plan_kv_B(system, plan, kv_B);
    double fewest = INFINITY;
    bool ok = true;
    for (size_t p = 0; p < system->n_pools && ok; p++) {
        double n = usable_blocks(system, p, weights_B[p], kv_B[p]);
        if (n < 1)
            ok = too_large(system, p, weights_B[p], kv_B[p], err);
        fewest = fmin(fewest, n);
    }
    free(weights_B);
    *blocks = system->serving.kv_blocks ? system->serving.kv_blocks
                                        : (uint64_t)fmin(fmax(fewest, 0), 1e15);
    return ok;
}

char *sim_plan_describe_blocks(const struct sim_system *system, const struct sim_plan *plan)
{
    const double GiB = 1073741824;
    const struct sim_serving *serving = &system->serving;
    if (serving->kv_blocks > 0)
        return mem_printf("%llu of %llu tokens, as kv_blocks says",
                          (unsigned long long)serving->kv_blocks,
                          (unsigned long long)serving->kv_block_tokens);
    double *weights_B = mem_calloc(2 * system->n_pools, sizeof *weights_B);
    double *kv_B = weights_B + system->n_pools, fewest = INFINITY;
    size_t at = 0;
    sim_plan_weights_B(system, plan, weights_B);
    sim_plan_kv_B(system, plan, kv_B);
    for (size_t p = 0; p < system->n_pools; p++) {
        double n = usable_blocks(system, p, weights_B[p], kv_B[p]);
        at = n < fewest ? p : at;
        fewest = fmin(fewest, n);
    }
    const struct device_pool *pool = &system->platform->pool[at];
    bool pages = pool_blocks(system, at, weights_B[at], kv_B[at]) < 1;
    char *text = mem_printf(
        "%.0f of %llu tokens, %.4g KiB a token: pool '%s' %s%.4g x %.4g GiB less weights "
        "%.4g GiB and working memory %.4g GiB",
        fewest, (unsigned long long)serving->kv_block_tokens, kv_B[at] / 1024, pool->name,
        pages ? "pages and gives all it has; without: " : "", serving->memory_fraction,
        (pool->capacity_B - pool->reserve_B) / GiB, weights_B[at] / GiB,
        system->activations_B / GiB);
    free(weights_B);
    return text;
}
