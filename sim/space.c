/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/space.h"

#include "base/memory.h"
#include "sim/stages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)

static const char *const granularities[] = {"model", "layer", "operator", NULL};

const struct field sim_search_fields[] = {
    {"granularity", FIELD_ENUM, false, AT(sim_search, granularity), .names = granularities,
     .preset = "layer", .help = "what one gene places: all units, a layer, or attention and FFN"},
    {"split_phases", FIELD_BOOL, false, AT(sim_search, split_phases), .preset = "true",
     .help = "prefill and decode are placed apart"},
    {"clocks", FIELD_BOOL, false, AT(sim_search, clocks), .preset = "true",
     .help = "P-states are searched too"},
    {"keep_up", FIELD_BOOL, false, AT(sim_search, keep_up), .preset = "true",
     .help = "refuse plans that serve slower than requests arrive"},
    {"evaluations", FIELD_COUNT, false, AT(sim_search, evaluations), .min = 0, .max = 1e12,
     .preset = "20000", .unit = "1", .help = "budget of each scheduler"},
    {0}};

/* What a gene does to a plan. */
struct gene {
    enum problem_role role;
    size_t first, last; /* units it places */
    size_t device;      /* PROBLEM_CLOCK */
};

struct sim_space {
    const struct sim_scorer *scorer;
    const struct sim_system *system;
    struct sim_search search;
    uint8_t *stages; /* (choices, units in stages) devices; NULL: no gene places stages */
    struct gene *gene;
    struct problem_gene *shown;
    char **gene_name;
    const char **device_name; /* (n_choices) */
    uint8_t *device;          /* (n_choices) that a choice of a placement stands for */
    uint8_t *choice_of;       /* (n_devices) the other way round */
    size_t n_choices;
    bool cool;
    size_t n_genes, capacity;
    const uint64_t *batch;
    struct problem problem;
};

static void add_gene(struct sim_space *space, struct gene gene, size_t choices, char *name)
{
    size_t i = space->n_genes++;
    if (space->n_genes > space->capacity) {
        space->capacity = 2 * space->n_genes + 16;
        space->gene = mem_realloc(space->gene, space->capacity, sizeof *space->gene);
        space->shown = mem_realloc(space->shown, space->capacity, sizeof *space->shown);
        space->gene_name = mem_realloc(space->gene_name, space->capacity, sizeof *space->gene_name);
    }
    space->gene[i] = gene;
    space->gene_name[i] = name;
    space->shown[i] = (struct problem_gene){name, (uint16_t)choices, gene.role};
}

static void add_placement(struct sim_space *space, enum problem_role role, size_t first,
                          size_t last)
{
    static const char *const phase[] = {
        [PROBLEM_PREFILL] = "prefill", [PROBLEM_DECODE] = "decode", [PROBLEM_BOTH] = "both"};
    char *from = workload_unit_name(space->system->model, first);
    char *to = workload_unit_name(space->system->model, last);
    char *name = first == last ? mem_printf("%s %s", phase[role], from)
                               : mem_printf("%s %s-%s", phase[role], from, to);
    size_t choices = space->stages ? (size_t)sim_space_stages(space->system) : space->n_choices;
    add_gene(space, (struct gene){role, first, last, 0}, choices, name);
    free(from);
    free(to);
}

static void add_placements(struct sim_space *space, enum problem_role role)
{
    size_t n = space->system->n_units;
    if (space->search.granularity == SIM_GRAIN_MODEL || space->stages) {
        add_placement(space, role, 0, n - 1);
        return;
    }
    add_placement(space, role, 0, 0);
    size_t step = space->search.granularity == SIM_GRAIN_LAYER ? 2 : 1;
    for (size_t u = 1; u + 1 < n; u += step)
        add_placement(space, role, u, u + step - 1);
    add_placement(space, role, n - 1, n - 1);
}

static void *state_create(const struct problem *problem)
{
    const struct sim_space *space = problem->context;
    return sim_tally_create(space->scorer);
}

static void state_destroy(void *state)
{
    sim_tally_destroy(state);
}

/* What is not divided: the embedding, each layer, the head. */
static size_t items_of(const struct sim_system *system)
{
    return system->n_units / 2 + 1;
}

uint64_t sim_space_stages(const struct sim_system *system)
{
    return sim_stages_count(items_of(system), system->n_devices);
}

static size_t device_of(const struct sim_space *space, size_t unit, uint16_t choice)
{
    if (!space->stages)
        return space->device[choice];
    return space->stages[choice * items_of(space->system) + (unit + 1) / 2];
}

static void set_gene(const struct sim_space *space, struct sim_tally *tally, size_t g,
                     uint16_t choice)
{
    const struct gene *gene = &space->gene[g];
    if (gene->role == PROBLEM_CLOCK) {
        sim_tally_clock(tally, gene->device, choice);
    } else if (gene->role == PROBLEM_INFLIGHT) {
        sim_tally_in_flight(tally, space->batch[choice]);
    } else {
        for (size_t u = gene->first; u <= gene->last; u++) {
            if (gene->role != PROBLEM_DECODE)
                sim_tally_place(tally, false, u, device_of(space, u, choice));
            if (gene->role != PROBLEM_PREFILL)
                sim_tally_place(tally, true, u, device_of(space, u, choice));
        }
    }
}

/* The choice of stages that places the units so. */
static uint16_t find_stages(const struct sim_space *space, const uint8_t *where)
{
    size_t unit = 0;
    uint16_t choice = 0;
    while (unit < space->system->n_units) {
        if (device_of(space, unit, choice) == where[unit]) {
            unit++;
        } else {
            unit = 0;
            choice++;
        }
    }
    return choice;
}

static uint16_t get_gene(const struct sim_space *space, const struct sim_plan *plan, size_t g)
{
    const struct gene *gene = &space->gene[g];
    if (gene->role == PROBLEM_CLOCK)
        return plan->pstate[gene->device];
    uint16_t choice = 0;
    if (gene->role != PROBLEM_INFLIGHT) {
        const uint8_t *where = gene->role == PROBLEM_PREFILL ? plan->prefill : plan->decode;
        return space->stages ? find_stages(space, where) : space->choice_of[where[gene->first]];
    }
    while (space->batch[choice] < plan->in_flight)
        choice++;
    return choice;
}

/* Objectives that the scenario leaves out are the same for all plans. */
static void show_score(const struct sim_space *space, const struct sim_score *score,
                       struct problem_score *out)
{
    const double value[PROBLEM_OBJECTIVES] = {score->energy_J, score->latency_s,
                                              score->underutilisation};
    for (size_t i = 0; i < PROBLEM_OBJECTIVES; i++)
        out->objective[i] = space->search.objective[i] ? value[i] : 0;
    out->violation = score->violation + (space->search.keep_up ? score->overload : 0);
    if (space->cool)
        out->violation += fmax(0, score->guard - 1);
    out->guard = score->guard;
}

static void evaluate(const struct problem *problem, void *state, const uint16_t *assignment,
                     struct problem_score *score)
{
    const struct sim_space *space = problem->context;
    struct sim_score full;
    for (size_t g = 0; g < space->n_genes; g++)
        set_gene(space, state, g, assignment[g]);
    sim_tally_score(state, &full);
    show_score(space, &full, score);
}

static void delta(const struct problem *problem, void *state, size_t gene, uint16_t choice,
                  struct problem_score *score)
{
    const struct sim_space *space = problem->context;
    struct sim_score full;
    uint16_t before = get_gene(space, sim_tally_plan(state), gene);
    set_gene(space, state, gene, choice);
    sim_tally_score(state, &full);
    set_gene(space, state, gene, before);
    show_score(space, &full, score);
}

static void apply(const struct problem *problem, void *state, size_t gene, uint16_t choice)
{
    set_gene(problem->context, state, gene, choice);
}

static void add_genes(struct sim_space *space)
{
    const struct sim_system *system = space->system;
    if (space->search.split_phases) {
        add_placements(space, PROBLEM_PREFILL);
        add_placements(space, PROBLEM_DECODE);
    } else {
        add_placements(space, PROBLEM_BOTH);
    }
    for (size_t i = 0; i < space->n_choices && space->search.clocks; i++) {
        size_t d = space->device[i];
        const struct device *device = &system->platform->device[d];
        if (device_pstates(device) > 1)
            add_gene(space, (struct gene){PROBLEM_CLOCK, 0, 0, d}, device_pstates(device),
                     mem_printf("clock %s", device->name));
    }
    size_t n_batches = sim_scorer_batches(space->scorer, &space->batch);
    add_gene(space, (struct gene){PROBLEM_INFLIGHT, 0, 0, 0}, n_batches,
             mem_strdup("requests in flight"));
}

static void add_devices(struct sim_space *space, const bool *available)
{
    size_t n = space->system->n_devices;
    space->device_name = mem_calloc(n, sizeof *space->device_name);
    space->device = mem_calloc(2 * n, sizeof *space->device);
    space->choice_of = space->device + n;
    for (size_t d = 0; d < n; d++) {
        if (available && !available[d])
            continue;
        space->choice_of[d] = (uint8_t)space->n_choices;
        space->device[space->n_choices] = (uint8_t)d;
        space->device_name[space->n_choices++] = space->system->platform->device[d].name;
    }
}

struct sim_space *sim_space_create(const struct sim_scorer *scorer, const struct sim_system *system,
                                   const struct sim_search *search)
{
    return sim_space_create_within(scorer, system, search, &(struct sim_space_bounds){NULL, false});
}

struct sim_space *sim_space_create_within(const struct sim_scorer *scorer,
                                          const struct sim_system *system,
                                          const struct sim_search *search,
                                          const struct sim_space_bounds *bounds)
{
    struct sim_space *space = mem_calloc(1, sizeof *space);
    space->scorer = scorer;
    space->system = system;
    space->search = *search;
    if (search->granularity == SIM_GRAIN_STAGES)
        space->stages =
            sim_stages_list(items_of(system), system->n_devices, (size_t)sim_space_stages(system));
    space->cool = bounds->cool;
    add_devices(space, bounds->available);
    add_genes(space);
    space->problem = (struct problem){
        .n_genes = space->n_genes,
        .gene = space->shown,
        .n_devices = space->n_choices,
        .device = space->device_name,
        .objective_name = {"energy", "latency", "underutilisation"},
        .context = space,
        .state_create = state_create,
        .state_destroy = state_destroy,
        .evaluate = evaluate,
        .delta = delta,
        .apply = apply,
    };
    return space;
}

void sim_space_destroy(struct sim_space *space)
{
    if (!space)
        return;
    for (size_t g = 0; g < space->n_genes; g++)
        free(space->gene_name[g]);
    free(space->gene_name);
    free(space->stages);
    free(space->gene);
    free(space->shown);
    free(space->device_name);
    free(space->device);
    free(space);
}

struct problem *sim_space_problem(struct sim_space *space)
{
    return &space->problem;
}

void sim_space_plan(const struct sim_space *space, const uint16_t *assignment, struct sim_plan *out)
{
    struct sim_tally *tally = sim_tally_create(space->scorer);
    for (size_t g = 0; g < space->n_genes; g++)
        set_gene(space, tally, g, assignment[g]);
    sim_plan_init(out, space->system);
    sim_plan_copy(out, sim_tally_plan(tally));
    sim_tally_destroy(tally);
}
