/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bare instance as a problem: a score by one change is, bit for bit, that of the whole
 * assignment, and both are what the definition says; costs that are no whole numbers included. */
#include "sim/assignment.h"

#include "analysis/pareto.h"
#include "base/stream.h"
#include "base/text.h"
#include "tests/check.h"

enum { MOST_LAYERS = 12, MOST_DEVICES = 5, STEPS = 60 };

static double draw_cost(struct stream *stream, uint64_t seed)
{
    if (seed % 3 == 0)
        return stream_below(stream, 50);
    if (seed % 3 == 1)
        return 0.001 * stream_below(stream, 50000);
    return 1e-3 * stream_uniform(stream);
}

static void add_costs(struct text *file, struct stream *stream, const char *key, size_t n,
                      uint64_t seed)
{
    text_add(file, "%s: [", key);
    for (size_t d = 0; d < n; d++)
        text_add(file, "%s%.17g", d > 0 ? ", " : "", draw_cost(stream, seed));
    text_add(file, "]");
}

static bool draw(struct sim_assignment *assignment, uint64_t seed)
{
    struct text file = {0};
    struct error err = {0};
    struct stream stream = stream_open(seed, STREAM_TEST, 9, 0);
    size_t n = 1 + stream_below(&stream, MOST_DEVICES);
    size_t layers = 1 + stream_below(&stream, MOST_LAYERS);
    text_add(&file, "schema: qeilsim/assignment/1\ndevices: [");
    for (size_t d = 0; d < n; d++)
        text_add(&file, "%sd%zu", d > 0 ? ", " : "", d);
    text_add(&file, "]\nlayers:\n");
    for (size_t l = 0; l < layers; l++) {
        text_add(&file, "  - {");
        add_costs(&file, &stream, "latency", n, seed);
        text_add(&file, ", ");
        add_costs(&file, &stream, "energy", n, seed);
        text_add(&file, "}\n");
    }
    text_add(&file, "transition: {latency: %.17g, energy: %.17g}\nunderutilisation: %s\n",
             draw_cost(&stream, seed), draw_cost(&stream, seed), seed % 2 ? "idle" : "share");
    bool ok = sim_assignment_parse("drawn", file.bytes, file.length, assignment, &err);
    text_free(&file);
    return ok;
}

static void define(const struct sim_assignment *assignment, const uint16_t *genes, double *f)
{
    double load[MOST_DEVICES] = {0}, sum = 0, most = 0, changes = 0;
    f[0] = f[1] = 0;
    for (size_t l = 0; l < assignment->n_layers; l++) {
        f[0] += assignment->layer[l].energy[genes[l]];
        load[genes[l]] += assignment->layer[l].latency[genes[l]];
        changes += l > 0 && genes[l] != genes[l - 1];
    }
    for (size_t d = 0; d < assignment->n_devices; d++) {
        sum += load[d];
        most = fmax(most, load[d]);
    }
    f[0] += changes * assignment->transition_energy;
    f[1] = sum + changes * assignment->transition_latency;
    f[2] = (double)assignment->n_devices * most - sum;
    if (assignment->underutilisation == SIM_ASSIGNMENT_SHARE)
        f[2] = most > 0 ? 1 - sum / ((double)assignment->n_devices * most) : 0;
}

static bool is_defined(const struct sim_assignment *assignment, const uint16_t *genes,
                       const double *f)
{
    double want[3];
    bool ok = true;
    define(assignment, genes, want);
    for (int o = 0; o < 3; o++)
        ok = ok && fabs(f[o] - want[o]) <= 1e-10 * (1 + fabs(want[o]));
    return ok;
}

static bool holds(uint64_t seed)
{
    struct sim_assignment assignment;
    if (!draw(&assignment, seed))
        return false;
    struct sim_assignment_problem *space = sim_assignment_problem_create(&assignment);
    struct problem *problem = sim_assignment_problem_of(space);
    struct stream stream = stream_open(seed, STREAM_TEST, 10, 0);
    void *walk = problem->state_create(problem), *fresh = problem->state_create(problem);
    uint16_t genes[MOST_LAYERS] = {0};
    struct problem_score score, again;
    problem_evaluate(problem, walk, genes, &score);
    bool ok = true;
    for (int step = 0; step < STEPS && ok; step++) {
        size_t l = stream_below(&stream, (uint32_t)assignment.n_layers);
        genes[l] = (uint16_t)stream_below(&stream, (uint32_t)assignment.n_devices);
        problem_delta(problem, walk, l, genes[l], &score);
        problem->apply(problem, walk, l, genes[l]);
        problem_evaluate(problem, fresh, genes, &again);
        ok = analysis_lexicographic(score.objective, again.objective, 3) == 0 &&
             score.violation == 0 && is_defined(&assignment, genes, score.objective);
    }
    ok = ok && problem->evaluations == 1 + 2 * STEPS;
    problem->state_destroy(walk);
    problem->state_destroy(fresh);
    sim_assignment_problem_destroy(space);
    sim_assignment_free(&assignment);
    return ok;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        if (!CHECK(holds(seed)))
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
    return check_result();
}
