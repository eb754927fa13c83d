/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/replan.h"

#include "sim/schedulers/sched.h"

#include <math.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct sim_replan, member)

/* In the order of enum sim_replan_take. */
static const char *const takes[] = {"knee", "least-energy", "least-latency", NULL};

const struct field sim_replan_fields[] = {
    {"scheduler", FIELD_TEXT, false, AT(scheduler), .preset = "pgsam",
     .help = "who searches another plan when a device fails, returns or gets too hot"},
    {"evaluations", FIELD_COUNT, false, AT(evaluations), .min = 1, .max = 1e9, .preset = "2000",
     .unit = "1", .help = "budget of such a search"},
    {"us_per_evaluation", FIELD_NUMBER, false, AT(evaluation_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "2", .unit = "us", .help = "what an evaluation takes in the run"},
    {"load_GBps", FIELD_NUMBER, false, AT(load_Bps), .scale = 1e9, .min = 0, .max = 1e6,
     .preset = "3", .unit = "GB/s",
     .help = "how fast weights come to the pools that lack them (0: they are there already)"},
    {"take", FIELD_ENUM, false, AT(take), .names = takes, .preset = "knee",
     .help = "which plan of the front is taken"},
    {"guard", FIELD_BOOL, false, AT(guard), .preset = "false",
     .help = "ask for another plan when a die reaches its guard temperature, before it throttles"},
    {0}};

static double alone_s(const struct sim_score *score)
{
    return score->latency_s - score->wait_s;
}

double sim_replan_latency_s(const struct sim_replan_parts *parts, const struct sim_plan *plan)
{
    struct sim_score score;
    sim_score_plan(parts->scorer, plan, &score);
    return alone_s(&score);
}

/* The member of a front that is taken. */
static size_t choose(const struct sched_front *front, int take)
{
    enum { ENERGY, LATENCY };
    const struct analysis_archive *archive = &front->archive;
    if (take == SIM_TAKE_KNEE)
        return analysis_edge_knee(archive->f, archive->n, archive->m);
    return analysis_extreme(archive->f, archive->n, archive->m,
                            take == SIM_TAKE_ENERGY ? ENERGY : LATENCY);
}

/* Whether memory and links allow a plan, however slow or hot it is. */
static bool can_run(const struct sim_replan_parts *parts, const struct sim_plan *plan)
{
    struct error unused = {0};
    uint64_t blocks;
    return sim_plan_linked(parts->system, plan) &&
           sim_plan_blocks(parts->system, plan, &blocks, &unused) && blocks > 0;
}

static bool search(const struct sim_replan_parts *parts, const struct sim_space_bounds *bounds,
                   struct sim_plan *out, uint64_t *evaluations)
{
    struct sched_options options = {.evaluations = parts->replan->evaluations, .seed = parts->seed};
    struct error unused = {0};
    struct sched_front front;
    struct sim_space *space =
        sim_space_create_within(parts->scorer, parts->system, parts->search, bounds);
    bool searched =
        sched_run(sim_space_problem(space), parts->replan->scheduler, &options, &front, &unused);
    const uint16_t *genes = NULL;
    if (searched) {
        *evaluations += front.evaluations;
        genes = front.archive.n > 0 ? sched_front_genes(&front, choose(&front, parts->replan->take))
                                    : front.nearest;
    }
    if (genes) {
        struct sim_plan plan;
        sim_space_plan(space, genes, &plan);
        sim_plan_copy(out, &plan);
        sim_plan_free(&plan);
    }
    bool ok = genes && can_run(parts, out);
    if (searched)
        sched_front_free(&front);
    sim_space_destroy(space);
    return ok;
}

bool sim_replan_find(const struct sim_replan_parts *parts, const struct sim_replan_wish *wish,
                     struct sim_plan *out, uint64_t *evaluations)
{
    struct sim_search search_for = *parts->search;
    struct sim_replan_parts relaxed = *parts;
    struct sim_space_bounds bounds = {wish->available, wish->cool};
    bool any = false;
    *evaluations = 0;
    for (size_t d = 0; d < parts->system->n_devices; d++)
        any = any || wish->available[d];
    if (!any)
        return false;
    if (search(parts, &bounds, out, evaluations))
        return true;
    /* What lacks least may be short of memory while others only cannot keep up. */
    relaxed.search = &search_for;
    search_for.keep_up = false;
    bounds.cool = false;
    return search(&relaxed, &bounds, out, evaluations);
}

struct sim_replan_limits sim_replan_limits(const struct sim_replan_parts *parts,
                                           const bool *available)
{
    double all[2] = {0, 0}, left[2] = {0, 0}, n = (double)parts->system->n_devices, healthy = 0;
    struct sim_plan plan;
    sim_plan_init(&plan, parts->system);
    for (size_t d = 0; d < parts->system->n_devices; d++) {
        struct sim_score score;
        memset(plan.prefill, (int)d, plan.n_units);
        memset(plan.decode, (int)d, plan.n_units);
        sim_score_plan(parts->scorer, &plan, &score);
        const double phase_s[2] = {score.prefill_s, alone_s(&score) - score.prefill_s};
        for (size_t i = 0; i < 2; i++) {
            double rate = phase_s[i] > 0 ? 1 / phase_s[i] : 0;
            all[i] += rate;
            left[i] += available[d] ? rate : 0;
        }
        healthy += available[d];
    }
    sim_plan_free(&plan);
    struct sim_replan_limits limits = {n / healthy, 1};
    for (size_t i = 0; i < 2; i++)
        if (left[i] > 0)
            limits.rate = fmax(limits.rate, all[i] / left[i]);
    return limits;
}
