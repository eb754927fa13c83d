/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of a model of four layers the true front can be enumerated: `pgsam` finds all of it within its
 * budget, and what both found holds when it is scored anew. */
#include "analysis/hypervolume.h"
#include "analysis/pareto.h"
#include "scenarios/search.h"
#include "tests/check.h"

#include <stdlib.h>

static void volumes(const struct scenario_members *a, const struct scenario_members *b,
                    double out[2])
{
    size_t n = a->n + b->n;
    double *f = calloc(n * PROBLEM_OBJECTIVES, sizeof *f);
    double least[PROBLEM_OBJECTIVES], greatest[PROBLEM_OBJECTIVES], reference[PROBLEM_OBJECTIVES];
    for (size_t i = 0; i < n; i++)
        memcpy(f + i * PROBLEM_OBJECTIVES,
               i < a->n ? a->member[i].found : b->member[i - a->n].found,
               PROBLEM_OBJECTIVES * sizeof *f);
    analysis_bounds(f, n, PROBLEM_OBJECTIVES, least, greatest);
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        reference[o] = greatest[o] + 0.1 * (greatest[o] - least[o]) + 1e-300;
    out[0] = analysis_hypervolume(f, a->n, PROBLEM_OBJECTIVES, reference, NULL);
    out[1] = analysis_hypervolume(f + a->n * PROBLEM_OBJECTIVES, b->n, PROBLEM_OBJECTIVES,
                                  reference, NULL);
    free(f);
}

/* The score of the plan is the score that the search saw. */
static void check_scores(const struct scenario_members *members)
{
    for (size_t i = 0; i < members->n; i++) {
        const struct scenario_member *member = &members->member[i];
        CHECK_NEAR(member->score.energy_J, member->found[0], 1e-9);
        CHECK_NEAR(member->score.latency_s, member->found[1], 1e-9);
        CHECK_NEAR(member->score.underutilisation, member->found[2], 1e-9);
        CHECK(member->score.violation == 0);
    }
}

static void check_seed(const char *seed)
{
    struct error err = {0};
    struct scenario scenario;
    struct scenario_options options = {.replay = false};
    struct scenario_bench bench;
    struct scenario_members exact = {0}, pgsam = {0};
    if (!CHECK(scenario_load(SOURCE_DIR "/tests/support/tiny.yaml", &seed, 1, &scenario, &err)))
        return;
    if (CHECK(scenario_bench_open(&bench, &scenario, &options, &err) &&
              scenario_search(&bench, "exact", &exact, &err) &&
              scenario_search(&bench, "pgsam", &pgsam, &err))) {
        double volume[2];
        volumes(&exact, &pgsam, volume);
        CHECK(exact.n > 1 && pgsam.evaluations <= scenario.search.evaluations);
        CHECK_NEAR(volume[1], volume[0], 1e-9);
        check_scores(&exact);
        check_scores(&pgsam);
    }
    for (size_t i = 0; i < err.n_faults; i++)
        fprintf(stderr, "    %s\n", err.fault[i]);
    scenario_members_free(&exact);
    scenario_members_free(&pgsam);
    scenario_bench_close(&bench);
    scenario_free(&scenario);
}

int main(void)
{
    check_seed("seed=1");
    check_seed("seed=2");
    check_seed("seed=3");
    return check_result();
}
