/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/assignment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENERGY, LATENCY, UNDERUTILISATION };
enum { MOST_DIGITS = 12 };
static const double MOST_EXACT = 0x1p53; /* whole numbers up to it are doubles */

/* Costs in whole units; a sum over `per` is in the file's. */
struct kind {
    double per, transition;
    double *cost; /* (n_layers, n_devices) */
};

struct sim_assignment_problem {
    const struct sim_assignment *assignment;
    struct kind latency, energy;
    size_t n_devices;
    bool share;
    struct problem_gene *gene;
    char **gene_name;
    struct problem_chain chain;
    struct problem problem;
};

/* Sums in whole units. */
struct state {
    double energy, latency; /* transitions left out */
    double changes;
    double *load;    /* (n_devices) */
    uint16_t *genes; /* (n_layers) */
};

/* A cost of layer l on device d; d = n_devices: of a transition. */
static double cost_of(const struct sim_assignment *assignment, bool energy, size_t l, size_t d)
{
    const struct sim_assignment_layer *layer = &assignment->layer[l];
    if (d == assignment->n_devices)
        return energy ? assignment->transition_energy : assignment->transition_latency;
    return energy ? layer->energy[d] : layer->latency[d];
}

/* More than any objective can become, in the file's unit. */
static double bound_of(const struct sim_assignment *assignment, bool energy)
{
    double sum = 0;
    for (size_t l = 0; l < assignment->n_layers; l++) {
        double most = 0;
        for (size_t d = 0; d < assignment->n_devices; d++)
            most = fmax(most, cost_of(assignment, energy, l, d));
        sum += most + cost_of(assignment, energy, l, assignment->n_devices);
    }
    return sum * (double)assignment->n_devices;
}

static bool are_multiples(const struct sim_assignment *assignment, bool energy, double per)
{
    for (size_t l = 0; l < assignment->n_layers; l++)
        for (size_t d = 0; d <= assignment->n_devices; d++) {
            double cost = cost_of(assignment, energy, l, d);
            if (nearbyint(cost * per) / per != cost)
                return false;
        }
    return true;
}

/* How many whole units the file's unit has. */
static double find_unit(const struct sim_assignment *assignment, bool energy)
{
    double bound = bound_of(assignment, energy), per = 1;
    for (int digits = 0; digits <= MOST_DIGITS && bound * per < MOST_EXACT; digits++) {
        if (are_multiples(assignment, energy, per))
            return per;
        per *= 10;
    }
    int exponent;
    frexp(bound, &exponent);
    return ldexp(1, 53 - exponent);
}

static struct kind count_in_units(const struct sim_assignment *assignment, bool energy)
{
    size_t n = assignment->n_devices;
    struct kind kind = {.per = find_unit(assignment, energy),
                        .cost = mem_calloc(assignment->n_layers * n, sizeof(double))};
    for (size_t l = 0; l < assignment->n_layers; l++)
        for (size_t d = 0; d < n; d++)
            kind.cost[l * n + d] = nearbyint(cost_of(assignment, energy, l, d) * kind.per);
    kind.transition = nearbyint(cost_of(assignment, energy, 0, n) * kind.per);
    return kind;
}

static void *state_create(const struct problem *problem)
{
    struct state *state = mem_calloc(1, sizeof *state);
    state->load = mem_calloc(problem->n_devices, sizeof *state->load);
    state->genes = mem_calloc(problem->n_genes, sizeof *state->genes);
    return state;
}

static void state_destroy(void *opaque)
{
    struct state *state = opaque;
    free(state->load);
    free(state->genes);
    free(state);
}

/* By how much the number of changes grows when layer l moves from its device to another. */
static double more_changes(const struct state *state, size_t n_layers, size_t l, uint16_t to)
{
    uint16_t from = state->genes[l];
    int more = 0;
    if (l > 0)
        more += (state->genes[l - 1] != to) - (state->genes[l - 1] != from);
    if (l + 1 < n_layers)
        more += (state->genes[l + 1] != to) - (state->genes[l + 1] != from);
    return more;
}

static void fill(const struct sim_assignment_problem *space, const struct state *sums, double most,
                 struct problem_score *score)
{
    const struct kind *latency = &space->latency, *energy = &space->energy;
    double devices = (double)space->n_devices;
    score->objective[ENERGY] = (sums->energy + sums->changes * energy->transition) / energy->per;
    score->objective[LATENCY] =
        (sums->latency + sums->changes * latency->transition) / latency->per;
    if (!space->share)
        score->objective[UNDERUTILISATION] = (devices * most - sums->latency) / latency->per;
    else
        score->objective[UNDERUTILISATION] = most > 0 ? 1 - sums->latency / (devices * most) : 0;
    score->violation = 0;
    score->guard = 0;
}

static void delta(const struct problem *problem, void *opaque, size_t l, uint16_t to,
                  struct problem_score *score)
{
    const struct sim_assignment_problem *space = problem->context;
    const struct state *state = opaque;
    size_t n = space->n_devices;
    uint16_t from = state->genes[l];
    const double *latency = space->latency.cost + l * n, *energy = space->energy.cost + l * n;
    struct state sums = {.energy = state->energy + (energy[to] - energy[from]),
                         .latency = state->latency + (latency[to] - latency[from]),
                         .changes = state->changes + more_changes(state, problem->n_genes, l, to)};
    double most = 0;
    for (size_t d = 0; d < n; d++) {
        double load = state->load[d];
        load += (d == to ? latency[to] : 0) - (d == from ? latency[from] : 0);
        most = load > most ? load : most;
    }
    fill(space, &sums, most, score);
}

static void apply(const struct problem *problem, void *opaque, size_t l, uint16_t to)
{
    const struct sim_assignment_problem *space = problem->context;
    struct state *state = opaque;
    uint16_t from = state->genes[l];
    const double *latency = space->latency.cost + l * space->n_devices;
    const double *energy = space->energy.cost + l * space->n_devices;
    state->energy += energy[to] - energy[from];
    state->latency += latency[to] - latency[from];
    state->changes += more_changes(state, problem->n_genes, l, to);
    state->load[from] -= latency[from];
    state->load[to] += latency[to];
    state->genes[l] = to;
}

static void evaluate(const struct problem *problem, void *opaque, const uint16_t *assignment,
                     struct problem_score *score)
{
    const struct sim_assignment_problem *space = problem->context;
    struct state *state = opaque;
    size_t n = space->n_devices;
    state->energy = state->latency = state->changes = 0;
    memset(state->load, 0, n * sizeof *state->load);
    memcpy(state->genes, assignment, problem->n_genes * sizeof *assignment);
    for (size_t l = 0; l < problem->n_genes; l++) {
        size_t d = assignment[l];
        state->energy += space->energy.cost[l * n + d];
        state->latency += space->latency.cost[l * n + d];
        state->load[d] += space->latency.cost[l * n + d];
        state->changes += l > 0 && assignment[l - 1] != d;
    }
    double most = 0;
    for (size_t d = 0; d < n; d++)
        most = state->load[d] > most ? state->load[d] : most;
    fill(space, state, most, score);
}

static void name_genes(struct sim_assignment_problem *space)
{
    size_t n = space->assignment->n_layers;
    space->gene = mem_calloc(n, sizeof *space->gene);
    space->gene_name = mem_calloc(n, sizeof *space->gene_name);
    for (size_t l = 0; l < n; l++) {
        space->gene_name[l] = mem_printf("layer %zu", l);
        space->gene[l] =
            (struct problem_gene){space->gene_name[l], (uint16_t)space->n_devices, PROBLEM_BOTH};
    }
}

struct sim_assignment_problem *
sim_assignment_problem_create(const struct sim_assignment *assignment)
{
    struct sim_assignment_problem *space = mem_calloc(1, sizeof *space);
    space->assignment = assignment;
    space->latency = count_in_units(assignment, false);
    space->energy = count_in_units(assignment, true);
    space->n_devices = assignment->n_devices;
    space->share = assignment->underutilisation == SIM_ASSIGNMENT_SHARE;
    name_genes(space);
    space->chain = (struct problem_chain){.latency = space->latency.cost,
                                          .energy = space->energy.cost,
                                          .change_latency = space->latency.transition,
                                          .change_energy = space->energy.transition,
                                          .share = space->share};
    space->problem = (struct problem){.n_genes = assignment->n_layers,
                                      .gene = space->gene,
                                      .n_devices = assignment->n_devices,
                                      .device = (const char *const *)assignment->device,
                                      .objective_name = {"energy", "latency", "underutilisation"},
                                      .chain = &space->chain,
                                      .context = space,
                                      .state_create = state_create,
                                      .state_destroy = state_destroy,
                                      .evaluate = evaluate,
                                      .delta = delta,
                                      .apply = apply};
    return space;
}

void sim_assignment_problem_destroy(struct sim_assignment_problem *space)
{
    if (!space)
        return;
    for (size_t l = 0; l < space->problem.n_genes; l++)
        free(space->gene_name[l]);
    free(space->gene_name);
    free(space->gene);
    free(space->latency.cost);
    free(space->energy.cost);
    free(space);
}

struct problem *sim_assignment_problem_of(struct sim_assignment_problem *space)
{
    return &space->problem;
}
