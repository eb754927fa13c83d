/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan space: a changed gene scores what a fresh evaluation of the whole gives, every score is
 * counted, a tally that was changed step by step equals one made from scratch. */
#include "sim/space.h"

#include "base/memory.h"
#include "sim/score_tables.h"
#include "tests/check.h"
#include "tests/support/random_scenario.h"

static bool same_score(const struct problem_score *a, const struct problem_score *b)
{
    bool same = a->violation == b->violation && a->guard == b->guard;
    for (size_t i = 0; i < PROBLEM_OBJECTIVES; i++)
        same = same && a->objective[i] == b->objective[i] && isfinite(a->objective[i]);
    return same;
}

static void draw(struct random_scenario *s, const struct problem *problem, uint16_t *genes)
{
    for (size_t g = 0; g < problem->n_genes; g++)
        genes[g] = (uint16_t)random_choice(s, problem->gene[g].choices);
}

static void check_moves(struct random_scenario *s, struct problem *problem)
{
    uint16_t *genes = mem_calloc(problem->n_genes, sizeof *genes);
    void *state = problem->state_create(problem), *fresh = problem->state_create(problem);
    struct problem_score score, changed, whole;
    uint64_t counted = problem->evaluations;
    draw(s, problem, genes);
    problem_evaluate(problem, state, genes, &score);
    for (int move = 0; move < 30; move++) {
        size_t g = random_choice(s, (uint32_t)problem->n_genes);
        uint16_t before = genes[g];
        uint16_t choice = (uint16_t)random_choice(s, problem->gene[g].choices);
        problem_delta(problem, state, g, choice, &changed);
        genes[g] = choice;
        problem_evaluate(problem, fresh, genes, &whole);
        if (!CHECK(same_score(&changed, &whole)))
            fprintf(stderr, "    seed %llu, %s\n", (unsigned long long)s->seed,
                    problem->gene[g].name);
        if (random_choice(s, 2))
            problem->apply(problem, state, g, choice);
        else
            genes[g] = before; /* asked, not done: the state stays */
    }
    CHECK(problem->evaluations == counted + 61);
    problem->state_destroy(state);
    problem->state_destroy(fresh);
    free(genes);
}

static bool same_tally(const struct sim_tally *a, const struct sim_tally *b)
{
    const struct sim_system *system = a->scorer->system;
    size_t n = system->n_devices, pools = system->n_pools;
    return memcmp(a->units, b->units, 2 * system->n_classes * n * sizeof *a->units) == 0 &&
           memcmp(a->cuts, b->cuts, 2 * n * n * sizeof *a->cuts) == 0 &&
           memcmp(a->kv_moves, b->kv_moves, n * n * sizeof *a->kv_moves) == 0 &&
           memcmp(a->used, b->used, n * sizeof *a->used) == 0 &&
           memcmp(a->weights_B, b->weights_B, pools * sizeof *a->weights_B) == 0 &&
           memcmp(a->kv_B, b->kv_B, pools * sizeof *a->kv_B) == 0;
}

static void check_tally(struct random_scenario *s, const struct sim_scorer *scorer)
{
    struct sim_tally *changed = sim_tally_create(scorer), *scratch = sim_tally_create(scorer);
    for (int move = 0; move < 60; move++) {
        sim_tally_place(changed, random_choice(s, 2), random_choice(s, (uint32_t)s->system.n_units),
                        random_choice(s, (uint32_t)s->system.n_devices));
        sim_tally_set(scratch, sim_tally_plan(changed));
        CHECK(same_tally(changed, scratch));
    }
    /* what the plan says of memory is what the tally adds up, tied matrices apart */
    double pool_B[8], kv_B[8];
    sim_plan_weights_B(&s->system, sim_tally_plan(changed), pool_B);
    sim_plan_kv_B(&s->system, sim_tally_plan(changed), kv_B);
    for (size_t p = 0; p < s->system.n_pools; p++) {
        double over_B = changed->weights_B[p] - pool_B[p];
        CHECK(over_B == 0 || over_B == s->system.shared_B);
        CHECK(changed->kv_B[p] == kv_B[p]);
    }
    sim_tally_destroy(changed);
    sim_tally_destroy(scratch);
}

/* The plan of an assignment is the one that was scored. */
static void check_plan(struct random_scenario *s, const struct sim_scorer *scorer,
                       struct sim_space *space)
{
    struct problem *problem = sim_space_problem(space);
    uint16_t *genes = mem_calloc(problem->n_genes, sizeof *genes);
    void *state = problem->state_create(problem);
    struct problem_score score;
    struct sim_plan plan;
    struct sim_score full;
    draw(s, problem, genes);
    problem_evaluate(problem, state, genes, &score);
    sim_space_plan(space, genes, &plan);
    sim_score_plan(scorer, &plan, &full);
    CHECK(score.objective[0] == full.energy_J && score.objective[1] == full.latency_s);
    CHECK(score.objective[2] == full.underutilisation);
    CHECK(full.underutilisation >= 0 && full.underutilisation <= 1);
    sim_plan_free(&plan);
    problem->state_destroy(state);
    free(genes);
}

static void check_scenario(uint64_t seed)
{
    struct random_scenario s;
    struct sim_load load;
    struct error err = {0};
    random_scenario_init(&s, seed);
    if (!sim_load_measure(&s.workload, 1, &load, &err))
        random_fail(&s, &err);
    struct sim_scorer *scorer = sim_scorer_create(&s.system, &load);
    struct sim_search search = {.granularity = (int)random_choice(&s, 4),
                                .split_phases = random_choice(&s, 2),
                                .clocks = random_choice(&s, 2),
                                .keep_up = random_choice(&s, 2),
                                .objective = {true, true, true}};
    if (search.granularity == SIM_GRAIN_STAGES && sim_space_stages(&s.system) > UINT16_MAX)
        search.granularity = SIM_GRAIN_LAYER;
    struct sim_space *space = sim_space_create(scorer, &s.system, &search);
    check_moves(&s, sim_space_problem(space));
    check_plan(&s, scorer, space);
    check_tally(&s, scorer);
    sim_space_destroy(space);
    sim_scorer_destroy(scorer);
    random_scenario_free(&s);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 120; seed++)
        check_scenario(seed);
    return check_result();
}
