/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/grid.h"
#include "cli/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEGREE_C "\302\260C"

static void print_counts(const struct scenario_result *result)
{
    const struct sim_summary *all = &result->summary;
    printf("scenario   %s, seed %llu\n", result->name, (unsigned long long)result->seed);
    printf("plan       %s\n", result->plan_summary ? result->plan_summary : "-");
    printf("requests   %llu in, %llu done, %llu rejected, %llu failed\n",
           (unsigned long long)all->requests_in, (unsigned long long)all->done,
           (unsigned long long)all->rejected, (unsigned long long)all->failed);
    printf("tokens     %llu in, %llu out\n\n", (unsigned long long)all->tokens_in,
           (unsigned long long)all->tokens_out);
}

static void add_latency(struct grid *grid, const char *name, const char *meaning,
                        const struct sim_distribution *at)
{
    const double value[] = {at->mean, at->p50, at->p90, at->p95, at->p99};
    grid_add(grid, "%s (s)", name);
    for (size_t i = 0; i < sizeof value / sizeof *value; i++)
        grid_add_number(grid, value[i]);
    grid_add(grid, "%s", meaning);
}

static void print_latencies(const struct sim_summary *all)
{
    struct grid grid = {.align = "lrrrrrl"};
    grid_add_row(&grid, GRID_CELLS("latency", "mean", "p50", "p90", "p95", "p99", ""));
    add_latency(&grid, "TTFT", "time to first token", &all->ttft_s);
    add_latency(&grid, "TPOT", "time per output token", &all->tpot_s);
    add_latency(&grid, "ITL", "between two tokens", &all->itl_s);
    add_latency(&grid, "E2E", "arrival to last token", &all->e2e_s);
    grid_print(&grid, 0, true, stdout);
}

/* The shares that an energy is the sum of. */
static const struct {
    const char *name;
    size_t offset;
    const char *meaning;
} parts[] = {
    {"base", offsetof(struct sim_energy, base), "being on"},
    {"active", offsetof(struct sim_energy, active), "being busy"},
    {"compute", offsetof(struct sim_energy, compute), "operations"},
    {"memory", offsetof(struct sim_energy, memory), "bytes moved"},
    {"leakage", offsetof(struct sim_energy, leakage), "leakage"},
    {"link", offsetof(struct sim_energy, link), "transfers between pools"},
    {"storage", offsetof(struct sim_energy, storage), "paging"},
};
enum { PARTS = sizeof parts / sizeof *parts };

static double part_J(const struct sim_energy *energy, size_t i)
{
    double value;
    memcpy(&value, (const char *)energy + parts[i].offset, sizeof value);
    return value;
}

static double per_request(double value, const struct sim_summary *all)
{
    return all->done > 0 ? value / (double)all->done : NAN;
}

static void print_energy(const struct sim_summary *all)
{
    const struct sim_energy *energy = &all->energy;
    const char *comma = "";
    printf("energy     %s J/request, %s net of idle power; %s J in all\n",
           grid_number(per_request(energy->total, all)).text,
           grid_number(per_request(energy->net, all)).text, grid_number(energy->total).text);
    printf("           J/request: ");
    for (size_t i = 0; i < PARTS; i++) {
        if (part_J(energy, i) <= 0)
            continue;
        printf("%s%s %s", comma, parts[i].name,
               grid_number(per_request(part_J(energy, i), all)).text);
        comma = ", ";
    }
    printf("%s\n", *comma ? "" : "none");
}

static const char *held(const struct sim_recovered *at, double limit)
{
    return sim_recovered_held(at, limit) ? "held" : "broken";
}

static void print_recovery(const struct sim_recovered *at)
{
    if (at->faults + at->guard_calls == 0)
        return;
    printf(
        "faults     %llu, work stopped for %s s; %llu calls of the thermal guard; %llu changes of "
        "plan, %llu evaluations\n",
        (unsigned long long)at->faults, grid_number(at->outage_s).text,
        (unsigned long long)at->guard_calls, (unsigned long long)at->changes,
        (unsigned long long)at->evaluations);
    if (at->affected > 0)
        printf("           %llu of %llu stopped requests answered, %s s later in the mean, %s s at "
               "most\n",
               (unsigned long long)at->recovered, (unsigned long long)at->affected,
               grid_number(at->added_mean_s).text, grid_number(at->added_most_s).text);
    if (at->latency_ratio > 0)
        printf("           a request alone takes %s times as long; the papers' bound of %s is %s, "
               "weighed by rates %s: %s\n",
               grid_number(at->latency_ratio).text, grid_number(at->equal_limit).text,
               held(at, at->equal_limit), grid_number(at->rate_limit).text,
               held(at, at->rate_limit));
}

static void print_prefixes(const struct sim_summary *all)
{
    if (isnan(all->prefix_hit_rate))
        return;
    printf("prefixes   %s %% of the prompt tokens were found in the cache, %llu kept blocks made "
           "room\n",
           grid_number(100 * all->prefix_hit_rate).text,
           (unsigned long long)all->prefix_evicted_blocks);
}

static void print_warnings(const struct sim_summary *all)
{
    if (all->saturated)
        printf("saturated  yes: more work arrives than is done, so TTFT and E2E tell how long the "
               "trace is, not how fast the plan\n");
    else
        printf("saturated  no\n");
    if (all->runaway)
        printf("runaway    yes: leakage heats a die faster than it can cool\n");
    if (all->cap_unreachable)
        printf("power cap  not reached even at the lowest clock\n");
}

/* Limits as "TTFT 0.5 s, E2E 10 s". */
static void add_limits(struct grid *grid, const struct scenario_slo_row *row)
{
    const struct {
        const char *name;
        double limit_s;
    } limits[] = {
        {"TTFT", row->ttft_limit_s}, {"TPOT", row->tpot_limit_s}, {"E2E", row->e2e_limit_s}};
    struct text text = {0};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!isnan(limits[i].limit_s))
            text_add(&text, "%s%s %s s", text.length ? ", " : "", limits[i].name,
                     grid_number(limits[i].limit_s).text);
    grid_add(grid, "%s", text.length ? text.bytes : "");
    text_free(&text);
}

static void print_slo(const struct table *slo)
{
    struct scenario_slo_row row;
    struct grid grid = {.align = "lrrrrrrrl"};
    if (slo->n_rows == 0)
        return;
    grid_add_row(&grid, GRID_CELLS("goodput", "requests", "kept %", "TTFT %", "TPOT %", "E2E %",
                                   "requests/s", "tokens/s", "limits"));
    for (size_t r = 0; r < slo->n_rows; r++) {
        table_get(slo, r, &row);
        const double value[] = {(double)row.requests,
                                100 * row.attainment,
                                100 * row.ttft_kept,
                                100 * row.tpot_kept,
                                100 * row.e2e_kept,
                                row.goodput_requests_per_s,
                                row.goodput_output_tokens_per_s};
        grid_add(&grid, "%s", row.class);
        for (size_t i = 0; i < sizeof value / sizeof *value; i++)
            grid_add_number(&grid, value[i]);
        add_limits(&grid, &row);
    }
    putchar('\n');
    grid_print(&grid, 0, true, stdout);
}

void report_run(const struct scenario_result *result)
{
    const struct sim_summary *all = &result->summary;
    print_counts(result);
    print_latencies(all);
    print_slo(&result->slo);
    printf("\nthroughput %s requests/s, %s output tokens/s over %s s\n",
           grid_number(all->requests_per_s).text, grid_number(all->output_tokens_per_s).text,
           grid_number(all->makespan_s).text);
    print_energy(all);
    printf("heat       peak %s " DEGREE_C ", throttled %s s\n",
           grid_number(all->peak_temperature_C).text, grid_number(all->throttled_s).text);
    printf("KV blocks  %s\n", result->kv_summary);
    printf("memory     pressure (CPQ) %s in the mean, %s at its peak, fragmentation %s, %llu "
           "preemptions\n",
           grid_number(all->cpq_mean).text, grid_number(all->cpq_peak).text,
           grid_number(all->kv_fragmentation).text, (unsigned long long)all->preemptions);
    print_prefixes(all);
    print_recovery(&all->recovery);
    print_warnings(all);
}

static void print_time_shares(const struct sim_time *time)
{
    const struct {
        const char *name;
        double value_s;
    } shares[] = {{"prefill", time->prefill_s},   {"decode", time->decode_s},
                  {"transfer", time->transfer_s}, {"paging", time->paging_s},
                  {"overhead", time->overhead_s}, {"queue", time->queue_s}};
    struct grid grid = {.align = "lr"};
    grid_add_row(&grid, GRID_CELLS("time", "s"));
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        grid_add(&grid, "%s", shares[i].name);
        grid_add_number(&grid, shares[i].value_s);
    }
    grid_print(&grid, 0, true, stdout);
}

static void print_energy_shares(const struct sim_summary *all)
{
    struct grid grid = {.align = "lrrrl"};
    grid_add_row(&grid, GRID_CELLS("energy", "J", "J/request", "share %", ""));
    for (size_t i = 0; i < PARTS; i++) {
        double value = part_J(&all->energy, i);
        grid_add(&grid, "%s", parts[i].name);
        grid_add_number(&grid, value);
        grid_add_number(&grid, per_request(value, all));
        grid_add(&grid, "%.1f", all->energy.total > 0 ? 100 * value / all->energy.total : 0);
        grid_add(&grid, "%s", parts[i].meaning);
    }
    grid_add(&grid, "total");
    grid_add_number(&grid, all->energy.total);
    grid_add_number(&grid, per_request(all->energy.total, all));
    grid_add_row(&grid, GRID_CELLS("100.0", ""));
    grid_print(&grid, 0, true, stdout);
}

static void print_devices(const struct table *devices)
{
    struct sim_device_row row;
    struct grid grid = {.align = "lrrrrrrrrrrrrr"};
    grid_add_row(&grid, GRID_CELLS("device", "busy s", "busy %", "base J", "active J", "compute J",
                                   "memory J", "leakage J", "energy J", "yield", "DASI",
                                   "peak \302\260C", "mean \302\260C", "throttled s"));
    for (size_t r = 0; r < devices->n_rows; r++) {
        table_get(devices, r, &row);
        const double value[] = {row.busy_s,     100 * row.utilisation,  row.base_J,
                                row.active_J,   row.compute_J,          row.memory_J,
                                row.leakage_J,  row.energy_J,           row.thermal_yield,
                                row.dasi,       row.peak_temperature_C, row.mean_temperature_C,
                                row.throttled_s};
        grid_add(&grid, "%s", row.device);
        for (size_t i = 0; i < sizeof value / sizeof *value; i++)
            grid_add_number(&grid, value[i]);
    }
    grid_print(&grid, 0, true, stdout);
}

void report_detail(const struct scenario_result *result)
{
    printf("\nwhere the time went: passes by kind, of these transfers, paging and overhead; and "
           "waiting of all requests\n");
    print_time_shares(&result->summary.time);
    printf("\nwhere the energy went\n");
    print_energy_shares(&result->summary);
    printf("\ndevices (yield: share of the energy that is not leakage; DASI: share of the peak "
           "arithmetic rate while busy)\n");
    print_devices(&result->devices);
}
