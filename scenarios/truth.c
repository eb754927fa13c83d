/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/truth.h"

#include "base/memory.h"
#include "sim/schedulers/sched.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct scenario_truth_row, member)
#define NUMBER(name, text)                                                                         \
    {                                                                                              \
#name, COLUMN_NUMBER, AT(name), "1", text, NULL                                            \
    }

static const char *const plans_names[] = {"all", "stages", NULL};

const struct column_spec scenario_truth_columns[] = {
    {"scheduler", COLUMN_TEXT, AT(scheduler), "1", "scheduler whose front is measured", NULL},
    NUMBER(hv_ratio, "hypervolume over that of the true front"),
    NUMBER(igd_plus, "mean distance from a true point to the front, where the front is worse"),
    NUMBER(epsilon, "by how much the worst true point is missed in its worst objective"),
    NUMBER(share_found, "true points that were found, over all"),
    {"plans_of", COLUMN_CODE, AT(plans_of), "1", "of which plans the true front was enumerated",
     plans_names},
    {"plans", COLUMN_COUNT, AT(plans), "1", "plans that were enumerated for the truth", NULL},
    {"points", COLUMN_COUNT, AT(points), "1", "points of the true front", NULL},
    {.name = NULL},
};

static uint64_t all_plans(const struct scenario_bench *bench)
{
    return sched_exact_size(sim_space_problem(bench->space));
}

/* The space whose truth is found: the scenario's own, or one of stages, which the caller destroys.
 * NULL: all are too large. */
static struct sim_space *choose_space(const struct scenario_bench *bench, uint64_t *stages)
{
    struct sim_search search = bench->scenario->search;
    *stages = UINT64_MAX;
    if (all_plans(bench) <= SCENARIO_TRUTH_LIMIT)
        return bench->space;
    if (search.granularity == SIM_GRAIN_MODEL || sim_space_stages(&bench->system) > UINT16_MAX)
        return NULL;
    search.granularity = SIM_GRAIN_STAGES;
    struct sim_space *space = sim_space_create(bench->scorer, &bench->system, &search);
    *stages = sched_exact_size(sim_space_problem(space));
    if (*stages <= SCENARIO_TRUTH_LIMIT)
        return space;
    sim_space_destroy(space);
    return NULL;
}

static bool refuse(const struct scenario_bench *bench, uint64_t stages, struct error *err)
{
    struct text told = {0};
    if (stages < UINT64_MAX)
        text_add(&told, "; those in stages, each device with one run of layers, are %" PRIu64,
                 stages);
    uint64_t all = all_plans(bench);
    error_set(err,
              "the true front cannot be computed: there are %s%" PRIu64
              " plans, the limit is %" PRIu64 "%s; fewer genes (search.clocks=false, "
              "search.split_phases=false, search.granularity=model) make fewer",
              all == UINT64_MAX ? "more than " : "", all, SCENARIO_TRUTH_LIMIT,
              told.bytes ? told.bytes : "");
    text_free(&told);
    return false;
}

static void note(void *context, const char *sentence)
{
    const struct scenario_options *options = ((struct scenario_bench *)context)->options;
    char *whole = mem_printf("true front: %s", sentence);
    if (options->note)
        options->note(options->context, whole);
    free(whole);
}

static bool progress(void *context, uint64_t evaluations, uint64_t budget, size_t members)
{
    (void)members;
    return scenario_bench_goes_on(context, "true front", (double)evaluations, (double)budget);
}

static void take(const struct sched_front *front, struct scenario_truth *out)
{
    out->n = front->archive.n;
    if (out->n == 0)
        return;
    out->f = mem_calloc(out->n, PROBLEM_OBJECTIVES * sizeof *out->f);
    memcpy(out->f, front->archive.f, out->n * PROBLEM_OBJECTIVES * sizeof *out->f);
    analysis_truth_init(&out->measured, out->f, out->n, PROBLEM_OBJECTIVES);
}

bool scenario_truth_find(struct scenario_bench *bench, struct scenario_truth *out,
                         struct error *err)
{
    struct sched_options options = {
        .context = bench, .exact_limit = SCENARIO_TRUTH_LIMIT, .note = note, .progress = progress};
    struct sched_front front;
    uint64_t stages;
    *out = (struct scenario_truth){0};
    struct sim_space *space = choose_space(bench, &stages);
    if (!space)
        return refuse(bench, stages, err);
    out->plans_of = space == bench->space ? SCENARIO_TRUTH_ALL : SCENARIO_TRUTH_STAGES;
    out->plans = sched_exact_size(sim_space_problem(space));
    if (out->plans_of == SCENARIO_TRUTH_STAGES)
        note(bench, "all plans are too many; of those in stages, each device with one run of "
                    "layers, it can be computed");
    bool ok = sched_run(sim_space_problem(space), "exact", &options, &front, err);
    if (ok && bench->stopped)
        ok = error_machine(err, "interrupted");
    if (ok)
        take(&front, out);
    sched_front_free(&front);
    if (space != bench->space)
        sim_space_destroy(space);
    return ok;
}

void scenario_truth_free(struct scenario_truth *truth)
{
    analysis_truth_free(&truth->measured);
    free(truth->f);
    *truth = (struct scenario_truth){0};
}

void scenario_truth_tell(const struct scenario_truth *truth, const char *scheduler,
                         const struct scenario_members *members, struct table *out)
{
    if (truth->n == 0)
        return;
    double *f = mem_calloc(members->n, PROBLEM_OBJECTIVES * sizeof *f);
    for (size_t i = 0; i < members->n; i++)
        memcpy(f + i * PROBLEM_OBJECTIVES, members->member[i].found,
               PROBLEM_OBJECTIVES * sizeof *f);
    struct analysis_quality quality = analysis_quality_of(&truth->measured, f, members->n);
    struct scenario_truth_row row = {
        .scheduler = scheduler,
        .hv_ratio = quality.hv_ratio,
        .igd_plus = quality.igd_plus,
        .epsilon = quality.epsilon,
        .share_found = quality.share_found,
        .plans_of = truth->plans_of,
        .plans = (int64_t)truth->plans,
        .points = (int64_t)truth->n,
    };
    if (out->n_columns == 0)
        table_init(out, "truth", scenario_truth_columns);
    table_add(out, &row);
    free(f);
}
